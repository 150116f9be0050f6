// Docs: docs/errors.md#audit
import { error, warning } from './finding.ts';
import { mayCommitLate } from './late-commit.ts';
import { mentions, refusals, refuses, sourceOf } from './source-text.ts';
import { invalidatesOf, isInputParser, type Rule } from './survey.ts';

const cachedNotAQuery: Rule = function* ({ path, type, own }) {
  if (type === 'query' || !own.some(({ definition }) => definition.kind === 'cached')) return;
  yield error('cached-not-a-query', `${path} is a ${type}: cached passes through. Remove it, or make it a query.`);
};

const middlewareBehindCached: Rule = function* ({ path, cached }) {
  if (cached?.around.skipped !== true) return;
  yield error(
    'middleware-behind-cached',
    `A hit on ${path} would skip a middleware behind cached, so it is never cached. Move cached behind it. Never mark auth pure.`,
  );
};

const pureGuards: Rule = function* ({ path, cached, chain, isPureAt }) {
  if (cached === undefined) return;
  const pure = chain.filter((_, index) => index > cached.index && isPureAt(index));
  const found = pure.map((middleware) => refuses(middleware, [...refusals, 'TOO_MANY_REQUESTS']));
  const finding = found.includes('surely') ? error : found.includes('perhaps') ? warning : undefined;
  if (finding !== undefined)
    yield finding(
      'pure-guards',
      `A hit on ${path} skips a middleware behind cached that is marked cache.pure and refuses callers: who it would refuse is answered. Move cached behind it, and remove cache.pure.`,
    );
  if (!pure.some((middleware) => mentions(middleware, /\bnext\s*\(\s*\{\s*ctx\b/))) return;
  yield warning(
    'pure-changes-ctx',
    `A middleware behind cached on ${path} that is marked cache.pure changes ctx: what it adds is in no key, and callers with another share the answer. Move cached behind it, if it depends on who calls.`,
  );
};

const secondCachedNarrows: Rule = function* ({ path, own }) {
  const uses = own.flatMap(({ definition }) => (definition.kind === 'cached' ? [definition] : []));
  if (!uses.slice(1).some(({ narrows }) => narrows)) return;
  yield error(
    'second-cached-narrows',
    `The second cached of ${path} sets more than ttl and tags, which cannot be honoured, so nothing is kept. Set those options on the first one.`,
  );
};

const outputOutsideCached: Rule = function* ({ path, cached, chain }) {
  if (cached === undefined || !chain.some(({ _type }, index) => index < cached.index && _type === 'output')) return;
  yield warning(
    'output-outside-cached',
    `The output parser of ${path} stands in front of cached: it parses every hit again, and where it makes a new object the answer has no ETag. Write .use(cached(…)).output(…).`,
  );
};

const streamNotCollected: Rule = function* ({ path, policy, resolver }) {
  if (policy === undefined || policy.collect !== undefined) return;
  if (!/^(?:async\s+)?(?:function\s*\*|\*)/.test(sourceOf(resolver)?.code ?? '')) return;
  yield error(
    'stream-not-collected',
    `${path} answers with a stream, which passes through uncached. Write cached({ …, collect: {} }), or remove cached.`,
  );
};

/** Callbacks in front of `.input()` see no input: those that read it fail, and their calls go without the cache. */
const inputBehind: Rule = function* ({ path, cached, policy, own, chain }) {
  // With another one in front there is an input, if not all of it: whether that is enough, the types say.
  const isBehind = (index: number) =>
    chain.some((middleware, at) => at > index && isInputParser(middleware)) &&
    !chain.some((middleware, at) => at < index && isInputParser(middleware));
  const readsInput = (given: unknown) => mentions(given, /\binput\b/);
  if (cached !== undefined && policy !== undefined && isBehind(cached.index)) {
    const { scope, tags, key, when } = policy;
    const [option] = Object.entries({ scope, tags, key, when }).find(([, given]) => readsInput(given)) ?? [];
    if (option !== undefined)
      yield error(
        'input-behind',
        `${option} of cached on ${path} reads input, and .input() stands behind cached: there is none yet. Write .input(…).use(cached(…)).`,
      );
  }
  for (const { definition, index } of own) {
    if (definition.kind !== 'invalidates' || !isBehind(index) || !definition.targets.some(readsInput)) continue;
    yield error(
      'input-behind',
      `A callback of invalidates on ${path} reads input, and .input() stands behind it: it fails, and everything is emptied. Write .input(…).use(invalidates(…)).`,
    );
  }
};

const invalidatesOnAQuery: Rule = function* (subject) {
  const { path, type, cached } = subject;
  const uses = invalidatesOf(subject);
  if (type !== 'query' || uses.length === 0) return;
  yield warning(
    'invalidates-on-a-query',
    `${path} is a query: queries are repeated and prefetched at will. Move invalidates to the mutation that makes the change.`,
  );
  if (cached === undefined || !uses.some(({ index }) => index > cached.index)) return;
  yield error('invalidates-behind-cached', `A hit on ${path} would skip invalidates. Put invalidates before cached.`);
};

const invalidatesBehindMiddleware: Rule = function* (subject) {
  const { path, own, chain, isPureAt } = subject;
  const settles = own.filter(({ definition }) => definition.kind === 'settle');
  const mine = new Set(own.map(({ index }) => index));
  const lateAt = chain.flatMap((middleware, index) =>
    middleware._type === undefined && !mine.has(index) && !isPureAt(index) && mayCommitLate(middleware) ? [index] : [],
  );
  for (const { index } of invalidatesOf(subject)) {
    // A settle with nothing late between it and this collects nothing for anybody.
    const outermost = Math.min(...settles.filter((settle) => settle.index < index).map((settle) => settle.index));
    if (!lateAt.some((late) => late < index && late < outermost)) continue;
    yield warning(
      'invalidates-behind-middleware',
      `A middleware around invalidates of ${path} does something after it, and may commit then. If it does, add .use(cache.settle) before that middleware; if not, name this rule and path in ignore.`,
    );
  }
};

const settleBehindInvalidates: Rule = function* (subject) {
  const settle = subject.own.find(({ definition }) => definition.kind === 'settle');
  const uses = invalidatesOf(subject);
  if (settle === undefined || uses.length === 0 || uses.some(({ index }) => index > settle.index)) return;
  yield error(
    'settle-behind-invalidates',
    `cache.settle of ${subject.path} stands behind invalidates and collects nothing. Put it before the middleware that commits, and invalidates behind that.`,
  );
};

/** Where this library's middlewares stand in the chain of a procedure. */
export const placementRules: readonly Rule[] = [
  cachedNotAQuery,
  middlewareBehindCached,
  pureGuards,
  secondCachedNarrows,
  outputOutsideCached,
  streamNotCollected,
  inputBehind,
  invalidatesOnAQuery,
  invalidatesBehindMiddleware,
  settleBehindInvalidates,
];
