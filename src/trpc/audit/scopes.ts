// Docs: docs/errors.md#audit
import { shown } from '../../errors.ts';
import { everyone } from '../../key.ts';
import { askScope, userKeysOf } from '../../user-keys.ts';
import { error, warning } from './finding.ts';
import { readsOfCtx } from './reads.ts';
import { textsGiven } from './returned.ts';
import { mentions, refuses, sourceOf } from './source-text.ts';
import type { Rule, Subject } from './survey.ts';

/** Whether a middleware in front refuses callers. */
function guarded({ chain, cached }: Subject): ReturnType<typeof refuses> {
  const found = chain.slice(0, cached?.index ?? 0).map((middleware) => refuses(middleware));
  return found.find((how) => how === 'surely') ?? found.find((how) => how !== undefined);
}

/** Whether the answers of a query are for everybody, whoever calls. */
function isForEverybody({ path, policy }: Subject): boolean {
  if (policy === undefined || policy.scope === 'public') return policy !== undefined;
  const { reads, answer } = askScope(policy.scope, path);
  return answer === everyone && reads.length === 0 && !mentions(policy.scope, /\binput\b/);
}

const publicReadsUser: Rule = function* (subject, { scope }) {
  const { path, policy, resolver } = subject;
  if (policy?.key !== undefined || !isForEverybody(subject)) return;
  const source = sourceOf(resolver);
  const users = userKeysOf(scope, path);
  const read = source && [...readsOfCtx(source)].find((name) => users.includes(name));
  if (read === undefined) return;
  yield error(
    'public-reads-user',
    `${path} is for everybody, and its resolver reads ctx.${read}: what the first caller sees, all see. Remove ${policy?.scope === 'public' ? "scope: 'public'" : 'its scope'}, or do not read ctx.${read}.`,
  );
};

const cdnBehindAuth: Rule = function* (subject) {
  const { path, policy } = subject;
  if (policy === undefined || policy.http === false || policy.http.cdnMs === undefined) return;
  const how = guarded(subject);
  if (how === undefined) return;
  const finding = how === 'surely' ? error : warning;
  yield finding(
    'cdn-behind-auth',
    `${path} refuses some callers, and http.cdn lets shared caches answer in its place, which ask nobody. Remove http.cdn, or make ${path} a public procedure.`,
  );
};

const scopeSaysPublic: Rule = function* ({ path, policy }) {
  if (typeof policy?.scope !== 'function') return;
  const source = sourceOf(policy.scope);
  const isSure = askScope(policy.scope, path).answer === 'public';
  if (!isSure && (source === undefined || !textsGiven(source).includes('public'))) return;
  const finding = isSure ? error : warning;
  yield finding(
    'scope-says-public',
    `The scope callback of ${path} returns 'public', which is a private scope of that name. Return everyone, imported from trpc-cached, or write scope: 'public'.`,
  );
};

const scopeAsync: Rule = function* ({ path, policy }) {
  if (typeof policy?.scope !== 'function' || !(askScope(policy.scope, path).answer instanceof Promise)) return;
  yield error(
    'scope-async',
    `The scope callback of ${path} is async, and nothing waits for it: each call goes without the cache. Put what it needs into ctx, and return that.`,
  );
};

const scopeUndefined: Rule = function* (subject) {
  const { path, policy } = subject;
  if (policy === undefined || policy.scope === 'public') return;
  // Who writes `?.` knows that it may be absent; any other member may be there on every call.
  if (!mentions(policy.scope, /\?\./)) return;
  const { answer } = askScope(policy.scope, path);
  if (answer === undefined && guarded(subject) === undefined)
    yield warning(
      'scope-undefined',
      `The scope of ${path} is undefined for callers who are not signed in: their calls are never cached. End it with ?? null, which is one entry for all of them.`,
    );
  if (typeof answer !== 'string' || !/\bundefined\b/.test(answer) || guarded(subject) !== undefined) return;
  yield warning(
    'scope-undefined',
    `The scope of ${path} is the text ${shown(answer)} for callers who are not signed in, which no target with scope: null means. Return null for them before the text is made.`,
  );
};

const varyOnCredentials: Rule = function* ({ path, policy }) {
  const header = policy?.vary.find((name) => name === 'cookie' || name === 'authorization');
  if (header === undefined) return;
  yield warning(
    'vary-on-credentials',
    `${path} varies with ${header}, so that hardly two requests share an answer. Remove it from vary, and say with scope who shares an entry.`,
  );
};

/** Who shares an entry. */
export const scopeRules: readonly Rule[] = [
  publicReadsUser,
  cdnBehindAuth,
  scopeSaysPublic,
  scopeAsync,
  scopeUndefined,
  varyOnCredentials,
];
