// Docs: docs/invalidation.md
import { isStream } from '../collect.ts';
import { CacheError, invalid, rejectUnknown, shown } from '../errors.ts';
import type { Emitter } from '../events.ts';
import {
  type Invalidate,
  type InvalidateOptions,
  listOf,
  type Manner,
  resolveManner,
  splitOptions,
} from '../invalidate.ts';
import type { PathBook } from '../resolve.ts';
import { absolute, checkTarget, fieldsOf, type TargetSource } from '../targets.ts';
import type { Calls, Unsettled } from './calls.ts';
import type { MiddlewareOpts, MiddlewareResult } from './middleware.ts';
import type { Place } from './registry.ts';
import type { Tell } from './tell.ts';
import { thenAct } from './then-act.ts';

/** The options form of `invalidates`. */
export interface InvalidatesOptions<C, I> extends Omit<InvalidateOptions, 'targets'> {
  /** What to invalidate: targets, or callbacks that compute them from the finished mutation. */
  readonly targets: TargetSource<C, I> | readonly TargetSource<C, I>[];
  /** `'always'` also after a failure, for mutations that may fail half way. @default 'success' */
  readonly on?: 'success' | 'always';
  /** When the store does not confirm: answer and keep retrying, or fail the mutation. @default 'retry' */
  readonly onFailure?: 'retry' | 'throw';
}

/** The options after a list of targets. */
export type InvalidatesTrailing = Omit<InvalidatesOptions<unknown, unknown>, 'targets'> & { readonly targets?: never };

/** One use of `invalidates(…)`. */
export interface InvalidatesDefinition extends Manner {
  readonly kind: 'invalidates';
  readonly targets: readonly TargetSource<any, any>[];
  readonly on: 'success' | 'always';
  readonly onFailure: 'retry' | 'throw';
}

const known = ['on', 'onFailure', 'mode', 'again'];

/** Checks what was given to `invalidates` at definition time. */
export function defineInvalidates(given: readonly unknown[]): InvalidatesDefinition {
  const [first] = given;
  const isObject = typeof first === 'object' && first !== null && 'targets' in first;
  if (isObject) rejectUnknown(first, ['targets', ...known], 'invalidates');
  if (isObject && given.length > 1)
    throw new CacheError(
      'INVALID_TARGET',
      'invalidates: with an options object, put every target into its targets: [ … ].',
    );
  const split = splitOptions<InvalidatesTrailing>(given, known);
  const options = isObject ? (first as InvalidatesOptions<unknown, unknown>) : split.options;
  const { on = 'success', onFailure = 'retry' } = options;
  const targets = isObject ? (first as InvalidatesOptions<unknown, unknown>).targets : split.targets;
  const list = listOf(targets) as readonly TargetSource<any, any>[];
  if (list.length === 0)
    throw new CacheError('INVALID_TARGET', "invalidates: no target given. Write invalidates('post.*') or a callback.");
  for (const target of list) if (typeof target !== 'function') checkTarget(target, 'invalidates');
  if (on !== 'success' && on !== 'always') throw invalid('invalidates: on', "'success' or 'always'", on);
  if (onFailure !== 'retry' && onFailure !== 'throw')
    throw invalid('invalidates: onFailure', "'retry' or 'throw'", onFailure);
  return { kind: 'invalidates', targets: list, on, onFailure, ...resolveManner(options, 'invalidates') };
}

/** What is wrong with the paths and patterns written down in an `invalidates`, those of other deployments excepted. */
export function unmatchedPatterns(
  { targets }: InvalidatesDefinition,
  base: string,
  isKnown: (pattern: string) => boolean,
): string[] {
  return targets.flatMap((target) => {
    const pattern = typeof target === 'object' && target.external !== true ? target.path : target;
    if (typeof pattern !== 'string' || isKnown(absolute(pattern, base) ?? pattern)) return [];
    return `${shown(pattern)} matches no procedure. Correct the path, or write { path: ${shown(pattern)}, external: true } if another deployment has it.`;
  });
}

/** What the middlewares need of their cache. */
export interface InvalidatesParts {
  readonly invalidate: Invalidate;
  readonly calls: Calls;
  readonly emitter: Emitter;
  readonly match: PathBook['match'];
  /** Whether a `settle` stands in front of it in the chain of its procedure. */
  readonly isSettled: (place: Place) => boolean;
  /** Where clients are told what was invalidated. */
  readonly tell: Tell | undefined;
  /** Keeps work alive after the response: without any given, that of the retries. */
  readonly background: (ctx: unknown, work?: Promise<unknown>) => void;
}

/** The middleware behind `invalidates(…)`: acts when what is inside it has succeeded, before the response. */
export async function runInvalidates(
  definition: InvalidatesDefinition,
  opts: MiddlewareOpts,
  place: Place | undefined,
  parts: InvalidatesParts,
): Promise<MiddlewareResult> {
  const settling = parts.calls.find(opts.getRawInput)?.settling;
  // Acting before what stands between them commits would be too early, and nobody acts later: nothing may happen at all.
  if (settling === undefined && place !== undefined && parts.isSettled(place))
    throw new CacheError(
      'INVALID_OPTION',
      `invalidates: ${opts.path}: a middleware between cache.settle and invalidates gave next() a getRawInput of its own, so that settle does not find this call. Put it in front of settle, or change the input with next({ input }).`,
    );
  const result = await opts.next();
  // What is inside has succeeded also when only its own invalidation was not confirmed.
  const succeeded = result.ok || isUnconfirmed(result.error?.cause);
  if (!succeeded && definition.on !== 'always') return result;
  const output = result.data;
  const bases = basesOf(opts, place);
  const act = async () => {
    const targets = await collect(
      definition,
      { ctx: opts.ctx, input: opts.input, path: bases[0] ?? opts.path, output },
      parts.emitter,
    );
    if (targets.length === 0) return;
    const record = parts.calls.of(opts.getRawInput);
    record.wrote = true;
    const mounted = asMounted(targets, place, parts.match);
    const telling = parts.tell?.(mounted, bases, opts.getRawInput);
    try {
      const planned = (done: Promise<void>) => parts.background(opts.ctx, done);
      await parts.invalidate(mounted, bases, { ...definition, planned, ctx: opts.ctx });
    } catch (error) {
      parts.background(opts.ctx);
      if (definition.onFailure === 'throw') throw error;
    } finally {
      if (telling !== undefined) record.told = [...(record.told ?? []), ...(await telling)];
    }
  };
  if (settling === undefined) await act();
  else settling.push({ act, always: definition.on === 'always' });
  // What a stream changes while it runs is changed only when it has ended.
  return isStream(output) ? { ...result, data: thenAct(output, act) } : result;
}

const isUnconfirmed = (cause: unknown) => cause instanceof CacheError && cause.code === 'NOT_ACKNOWLEDGED';

/** The middleware `cache.settle`: writes what `invalidates` inside it collected once everything inside has committed. */
export async function runSettle(opts: MiddlewareOpts, parts: InvalidatesParts): Promise<MiddlewareResult> {
  const record = parts.calls.of(opts.getRawInput);
  if (record.settling !== undefined) return opts.next();
  const collected: Unsettled[] = [];
  record.settling = collected;
  let result: MiddlewareResult;
  try {
    result = await opts.next();
  } finally {
    delete record.settling;
  }
  // Rolled back means nothing changed; `on: 'always'` asked for it all the same.
  // One that is not confirmed must not keep the others from being written.
  const wanted = collected.filter(({ always }) => result.ok || always);
  const written = await Promise.allSettled(wanted.map(({ act }) => act()));
  for (const one of written) if (one.status === 'rejected') throw one.reason;
  return result;
}

/** Relative patterns are relative to where the mutation is registered, not to the path a sub-router's caller used. */
function basesOf(opts: MiddlewareOpts, place: Place | undefined): readonly (string | undefined)[] {
  if (place === undefined) return [opts.path === '' ? undefined : opts.path];
  const called = place.paths.get(opts.path);
  const bases = called === undefined ? [...new Set(place.paths.values())] : [called];
  return bases.length > 0 ? bases : [undefined];
}

/**
 * Targets with what they mean inside of the mount of the mutation's own router. Where a path means something there and
 * outside too, both are meant: versions of an API show the same data, and which one the writer had in mind cannot be told.
 */
function asMounted(targets: readonly unknown[], place: Place | undefined, match: PathBook['match']): unknown[] {
  const mounts = [...(place?.mounts ?? [])].filter((mount) => mount !== '');
  if (mounts.length === 0) return [...targets];
  return targets.flatMap((target) => {
    const { path, external } = fieldsOf(target);
    if (typeof path !== 'string' || path.startsWith('.') || external === true) return [target];
    const isInside = (full: string) => match(full).paths.length > 0;
    // A lazy router that is not loaded may hold it.
    const inside = mounts.map((mount) => `${mount}.${path}`).filter((full) => isInside(full) || !match(full).complete);
    const outside = !inside.some(isInside) || match(path).paths.length > 0 || !match(path).complete ? [target] : [];
    return [
      ...outside,
      ...inside.map((full) => (typeof target === 'string' ? full : { ...(target as object), path: full })),
    ];
  });
}

async function collect(
  definition: InvalidatesDefinition,
  opts: { ctx: unknown; input: unknown; path: string; output: unknown },
  emitter: Emitter,
): Promise<unknown[]> {
  const targets: unknown[] = [];
  for (const source of definition.targets) {
    if (typeof source !== 'function') {
      targets.push(source);
      continue;
    }
    try {
      targets.push(...listOf(await source(opts)));
    } catch (error) {
      emitter.emit('error', { operation: 'invalidate', error });
      targets.push('*'); // what it would have named is unknown: everything, rather than nothing
      emitter.emit('widen', { target: 'callback', to: '*', reason: 'the target callback threw' });
    }
  }
  return targets;
}
