// Docs: docs/inspector.md#explain
import type { Breakers } from '../breaker.ts';
import type { CallOpts } from '../call-opts.ts';
import { late, within } from '../deadline.ts';
import { CacheError, invalid, rejectUnknown, shown } from '../errors.ts';
import { bypassed, type Explanation, explanationOf } from '../explanation.ts';
import type { ScopeValue } from '../key.ts';
import { createLabels, errorLabel } from '../label.ts';
import type { Wanted } from '../lookup.ts';
import type { LookupAnswer, Store } from '../store.ts';
import { type CachedQuery, type DirectParts, factsOf } from './direct.ts';
import { type Bypass, identify, reader } from './identity.ts';
import { parseInput } from './registry.ts';

/** What else a call would bring. */
export interface ExplainOptions {
  /** Request headers, for a query that declares `vary`. @default none */
  readonly headers?: Headers | Record<string, string>;
  /** Whose entry, in place of what the `scope` callback says of the context. @default ask the callback */
  readonly scope?: ScopeValue;
}

/** What {@link explain} needs of its cache. */
export interface ExplainParts extends DirectParts {
  readonly isKnown: (path: string) => boolean;
  /** As a call meets it: a callback that throws is a bypass. */
  readonly isOn: (opts: { ctx: unknown; input: unknown; path: string }) => boolean;
}

const told: Partial<Record<Bypass['bypass'], string>> = {
  disabled: '`enabled` switches the cache off: the procedure runs without it.',
  when: '`when` says no: the procedure runs without the cache.',
  scope: '`scope` returned neither a non-empty string, nor null, nor everyone: nobody knows who may share the answer.',
  vary: 'The answer varies with request headers, and there are none. Give them: explain(path, input, ctx, { headers }).',
  input: 'The input cannot be part of a key, or the parsers of the procedure refuse it.',
};

/** What a call would meet now. Runs no procedure, plants no epoch, and tells no breaker. */
export async function explain(
  path: string,
  input: unknown,
  ctx: unknown,
  options: ExplainOptions,
  parts: ExplainParts,
): Promise<Explanation> {
  checkOptions(options);
  const found = parts.cachedAt(path);
  if (found === undefined) {
    if (parts.isKnown(path)) return bypassed(path, 'uncached', 'No cached stands in this procedure.');
    throw new CacheError(
      'UNKNOWN_PATH',
      `explain: ${shown(path)} is not a procedure of a registered router, as far as these are loaded. Register the router with cache.register, check the path, and load a lazy router first: call one of its procedures.`,
    );
  }
  if (found.procedure._def.type !== 'query')
    return bypassed(path, 'uncached', `A ${found.procedure._def.type} is never answered from the cache.`);
  if (found.skipped)
    return bypassed(path, 'middleware-behind', 'A hit would skip a middleware behind cached, so nothing is looked up.');
  const named = await nameOf(found, { path, input, ctx }, options, parts);
  if ('bypass' in named)
    return bypassed(
      path,
      named.bypass,
      told[named.bypass] ?? `A callback of cached threw: ${errorLabel(named.error)}.`,
    );
  const { wanted } = named;
  const labels = createLabels(parts.namespace, parts.hashKeys);
  const asked = { path, policy: found.policy, wanted, labels, now: Date.now() };
  const read = await readOf(wanted, ctx, parts);
  return typeof read === 'string'
    ? explanationOf(asked, undefined, read)
    : explanationOf({ ...asked, ...read, now: Date.now() }, read.answer);
}

function checkOptions(options: ExplainOptions): void {
  if (typeof options !== 'object' || options === null) throw invalid('explain: options', 'an object', options);
  rejectUnknown(options, ['headers', 'scope'], 'explain');
  const { headers } = options;
  if (headers !== undefined && reader(headers) === undefined)
    throw invalid('explain: headers', 'Headers or an object', headers);
}

async function nameOf(
  found: CachedQuery,
  { ctx, input, path }: CallOpts<unknown, unknown>,
  { headers, scope }: ExplainOptions,
  parts: ExplainParts,
): Promise<{ readonly wanted: Wanted } | Bypass> {
  const { policy, procedure, index } = found;
  let seen: unknown;
  try {
    seen = await parseInput(procedure, input, index);
  } catch (error) {
    return { bypass: 'input', error };
  }
  const opts = { ctx, input: seen, path };
  try {
    if (!parts.isOn(opts)) return { bypass: 'disabled' };
  } catch (error) {
    return { bypass: 'callback', error };
  }
  const asked = scope === undefined ? policy : { ...policy, scope: () => scope };
  return identify(asked, opts, factsOf(found, input, seen, headers), { ...parts, known: undefined });
}

/** What the store has under the key, read without planting; or, in words, why a call would do without. */
async function readOf(
  wanted: Wanted,
  ctx: unknown,
  { core }: ExplainParts,
): Promise<{ readonly answer: LookupAnswer; readonly takesAway: boolean } | string> {
  const { readMs } = core.timeouts;
  try {
    const store = core.storeFor(ctx);
    const waiting = waitsFor(store, core.outbox.waiting(), core.breakers, wanted.key);
    if (waiting !== undefined) return waiting;
    // No copy has such an id: it is named for the sake of the epochs, whose ids are told without being planted.
    const held = { id: '-', epochs: wanted.epochs };
    const asked = { key: wanted.key, epochs: [], keepMs: wanted.keepMs, held, exact: true };
    const answer = await within(Promise.resolve(store.lookup(asked)), readMs);
    if (answer === late) return `The store did not answer within ${readMs} ms: the procedure runs.`;
    if (!Array.isArray(answer?.own)) return 'The store answered in part: the procedure runs.';
    return { answer, takesAway: store.supports.expire === false };
  } catch (error) {
    const label = errorLabel(error, true);
    return error instanceof CacheError
      ? `The store failed: ${label.replace(/\.$/, '')}. The procedure runs.`
      : `The store failed (${label}): the procedure runs.`;
  }
}

function waitsFor(store: Store, waiting: number, breakers: Breakers, key: string): string | undefined {
  if (waiting > 0)
    return `${waiting} invalidations are not written yet: unless the store takes them first, the procedure runs.`;
  if (store.supports.local || breakers.of(store.partOf?.(key)).state() !== 'open') return undefined;
  return 'The store failed again and again: for a while nothing asks it, and the procedure runs.';
}
