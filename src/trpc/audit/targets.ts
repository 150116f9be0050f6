// Docs: docs/errors.md#audit
import { late } from '../../deadline.ts';
import { shown } from '../../errors.ts';
import { everyone } from '../../key.ts';
import { matches } from '../../pattern.ts';
import { absolute, fieldsOf, isPattern } from '../../targets.ts';
import { error, type Found, warning } from './finding.ts';
import { parsedInTime } from './inputs.ts';
import { nearest } from './nearest.ts';
import { pathsIn } from './returned.ts';
import { mentions } from './source-text.ts';
import { invalidatesOf, isInputParser, type Rule, type Subject, type Survey } from './survey.ts';

/** A target that is written down, with the procedures that it means. */
interface Written {
  readonly pattern: string;
  readonly fields: Record<string, unknown>;
  readonly meant: readonly Subject[];
}

/** The static targets of a mutation that name paths. */
function* writtenIn(subject: Subject, { matching }: Survey, uses = invalidatesOf(subject)): Generator<Written> {
  for (const { definition } of uses) {
    for (const target of definition.targets) {
      const fields = fieldsOf(target);
      if (typeof fields.path !== 'string' || fields.external === true) continue;
      yield { pattern: fields.path, fields, meant: matching(fields.path, subject) };
    }
  }
}

const unmatchedPattern: Rule = function* (subject, survey) {
  const { subjects, matching } = survey;
  const meant = (pattern: string): string => {
    const path = absolute(pattern, subject.path) ?? pattern;
    if (subjects.some(({ full }) => full.startsWith(`${path}.`)))
      return ` It is a router: write ${shown(`${pattern}.*`)}.`;
    const known = nearest(
      path,
      subjects.map(({ full }) => full),
    );
    return known === undefined ? '' : ` Did you mean ${shown(known)}?`;
  };
  const fix = (pattern: string) =>
    `${shown(pattern)} in invalidates of ${subject.path} matches no procedure.${meant(pattern)} Correct the path, or write { path: ${shown(pattern)}, external: true } if another deployment has it.`;
  for (const { pattern, meant: found } of writtenIn(subject, survey))
    if (found.length === 0) yield error('unmatched-pattern', fix(pattern));
  // In a callback nothing throws at `register`: it is widened, each time.
  const computed = invalidatesOf(subject)
    .flatMap(({ definition }) => definition.targets.flatMap(pathsIn))
    .filter((path) => isPattern(path) && /^[\w.*-]+$/.test(path));
  for (const pattern of new Set(computed))
    if (matching(pattern, subject).length === 0) yield error('unmatched-pattern', fix(pattern));
};

const targetNotCached: Rule = function* (subject, survey) {
  for (const { pattern, meant } of writtenIn(subject, survey)) {
    if (meant.length === 0 || meant.some(({ policy }) => policy !== undefined)) continue;
    const other = meant.find(({ isOfAnother }) => isOfAnother);
    yield other === undefined
      ? warning(
          'target-not-cached',
          `${shown(pattern)} in invalidates of ${subject.path} matches no cached query, so there is nothing to empty. Remove it, or add .use(cached(…)) to ${meant[0]?.path}.`,
        )
      : error(
          'target-of-another-cache',
          `${shown(pattern)} in invalidates of ${subject.path} means ${other.path}, which is cached by another createCache: its entries stay. Use cached and invalidates of one cache for both.`,
        );
  }
};

/** Static targets that mean more than they say: their input is refused, or no entry is in their scope. */
const targetIsWider: Rule = async function* (subject, survey) {
  for (const { pattern, fields, meant } of writtenIn(subject, survey)) {
    const queries = meant.filter(({ policy }) => policy !== undefined);
    if (queries.length === 0) continue;
    if ('input' in fields && fields.input !== undefined) yield* inputFindings(subject, fields.input, queries);
    const { scope } = fields;
    if (scope === undefined || scope === everyone || !queries.every(({ policy }) => policy?.scope === 'public'))
      continue;
    yield error(
      'target-scope-unused',
      `${shown(pattern)} in invalidates of ${subject.path} has a scope, and ${queries[0]?.path} is 'public': its entries are in no such scope, so all of it is emptied. Remove scope from the target.`,
    );
  }
};

async function* inputFindings({ path }: Subject, input: unknown, queries: readonly Subject[]): AsyncGenerator<Found> {
  for (const query of queries) {
    const refused = Symbol('refused');
    const answer = await parsedInTime(query, input).catch(() => refused);
    if (answer === late)
      yield warning(
        'parser-hangs',
        `The parsers of ${query.path} did not answer in time to the input that invalidates of ${path} names: all of ${query.path} is emptied, after a second. Give what they ask a deadline.`,
      );
    if (answer !== refused) continue;
    yield error(
      'target-refused',
      `The parsers of ${query.path} refuse the input that invalidates of ${path} names, so all of ${query.path} is emptied. Write the input as a client sends it.`,
    );
  }
}

/** One router under two names has two entries for each answer. */
const targetMissesTwin: Rule = function* (subject, survey) {
  const written = [...writtenIn(subject, survey)];
  const reached = new Set(written.flatMap(({ meant }) => meant));
  const calledBy = survey.subjects.filter(({ procedure }) => procedure === subject.procedure);
  for (const { pattern, meant } of written) {
    // A relative one means the router that the mutation is called in.
    for (const one of meant) {
      if (one.policy === undefined) continue;
      const twin = survey.subjects.find(({ procedure, full }) => procedure === one.procedure && full !== one.full);
      if (twin === undefined || reached.has(twin)) continue;
      const isReachedByTwin = calledBy.some(
        (other) =>
          other !== subject && pattern.startsWith('.') && matches(absolute(pattern, other.full) ?? '', twin.full),
      );
      yield warning(
        'target-misses-twin',
        `${one.full} and ${twin.full} are one procedure under two names, each with entries of its own, and invalidates of ${subject.path} empties the first alone. ${isReachedByTwin ? `Add ${shown(twin.full)} to it, and the other way round` : `Add ${shown(twin.full)} to it`}.`,
      );
      return;
    }
  }
};

/** The tags that queries were given in writing. */
const carriedBy = (subjects: readonly Subject[]): readonly string[] =>
  subjects.flatMap(({ policy }) => (Array.isArray(policy?.tags) ? (policy.tags as string[]) : []));

/** The tags that an `invalidates` names in writing. */
const tagsNamedBy = (subject: Subject): readonly string[] =>
  invalidatesOf(subject).flatMap(({ definition }) =>
    definition.targets.flatMap((target) =>
      typeof target === 'object' && target.tag !== undefined ? [target.tag] : [],
    ),
  );

const tagIsNoPattern: Rule = function* (subject, { subjects }) {
  const carried = carriedBy(subjects);
  for (const tag of tagsNamedBy(subject)) {
    if (!tag.includes('*') || carried.includes(tag)) continue;
    yield error(
      'tag-is-no-pattern',
      `{ tag: ${shown(tag)} } in invalidates of ${subject.path} is a pattern, and tags have none: it means the tag of this very name. Give the answers a tag for all of them, and name that.`,
    );
  }
};

/** A tag that nothing carries, where all are written down and another one is nearly the same. */
const unmatchedTag: Rule = function* (subject, { subjects }) {
  const isComputed = subjects.some(
    ({ policy, resolver }) => typeof policy?.tags === 'function' || mentions(resolver, /\.\s*tag\s*\(|\bcontrol\b/),
  );
  if (isComputed) return;
  const carried = carriedBy(subjects);
  for (const tag of tagsNamedBy(subject)) {
    if (tag.includes('*') || carried.includes(tag)) continue;
    const meant = nearest(tag, carried);
    if (meant === undefined) continue;
    yield warning(
      'unmatched-tag',
      `{ tag: ${shown(tag)} } in invalidates of ${subject.path}: no query has this tag. Did you mean ${shown(meant)}? Correct it, or give the tag to the query that is meant.`,
    );
  }
};

const expireWithoutWindow: Rule = function* (subject, survey) {
  for (const use of invalidatesOf(subject)) {
    if (use.definition.mode !== 'expire') continue;
    const meant = [...writtenIn(subject, survey, [use])].flatMap((written) => written.meant);
    const queries = meant.filter(({ policy }) => policy !== undefined);
    if (queries.length === 0 || queries.some(({ policy }) => Math.max(policy?.staleMs ?? 0, policy?.errorMs ?? 0) > 0))
      continue;
    yield warning(
      'expire-without-window',
      `invalidates of ${subject.path} expires ${queries[0]?.path}, which has no stale window to be served in: it is as if it was removed. Add staleWhileRevalidate to its cached, or remove mode: 'expire'.`,
    );
  }
};

const emptiesEveryUser: Rule = function* (subject, survey) {
  for (const { pattern, fields, meant } of writtenIn(subject, survey)) {
    if ('scope' in fields || 'input' in fields || pattern.includes('*')) continue;
    const own = meant.find(({ policy, chain }) => typeof policy?.scope === 'function' && !chain.some(isInputParser));
    if (own === undefined) continue;
    yield warning(
      'empties-every-user',
      `${own.path} is kept for each user, and invalidates of ${subject.path} empties it for all. If one user's is meant, write ({ ctx }) => ({ path: ${shown(pattern)}, scope: ctx.user.id }); if it is the same for all, give it scope: 'public'; if all are meant, () => ${shown(pattern)}.`,
    );
  }
};

/** The most common mistake: a mutation beside cached queries of which nothing is emptied. */
const mutationWithoutInvalidates: Rule = function* (subject, { subjects }) {
  const { path, full, type, own, resolver } = subject;
  if (type !== 'mutation' || own.length > 0 || mentions(resolver, /\b(?:invalidate|refresh|clear)\s*\(/)) return;
  const routerOf = (name: string) => name.slice(0, name.lastIndexOf('.') + 1);
  const beside = subjects.find((other) => other.policy !== undefined && routerOf(other.full) === routerOf(full));
  if (beside === undefined) return;
  yield warning(
    'mutation-without-invalidates',
    `${path} stands beside ${beside.path}, which is cached, and empties nothing: what it changes is shown as it was until ttl. Add .use(invalidates('.*')), or, if it changes nothing that is cached, or what it calls invalidates, .use(invalidates(() => [])).`,
  );
};

/** What mutations empty. */
export const targetRules: readonly Rule[] = [
  unmatchedPattern,
  targetNotCached,
  targetIsWider,
  targetMissesTwin,
  tagIsNoPattern,
  unmatchedTag,
  expireWithoutWindow,
  emptiesEveryUser,
  mutationWithoutInvalidates,
];
