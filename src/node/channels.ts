// Docs: docs/observability.md#diagnostics-channel
import { channel } from 'node:diagnostics_channel';
import { invalid, rejectUnknown } from '../errors.ts';
import type { CacheEvents } from '../events.ts';
import type { Cache } from '../surface.ts';

/** The options of {@link publishEvents}. */
export interface ChannelsOptions {
  /** What the names of the channels begin with. @default 'trpc-cached' */
  readonly prefix?: string;
}

/** What subscribers of the channel of an event receive. */
export interface ChannelMessage<Name extends keyof CacheEvents = keyof CacheEvents> {
  /** The namespace of the cache: several may publish. */
  readonly namespace: string;
  /** As listeners of `cache.on` receive it. */
  readonly event: CacheEvents[Name];
}

// A record, so that an event which is missing here does not compile.
const every: Readonly<Record<keyof CacheEvents, true>> = {
  hit: true,
  stale: true,
  revalidate: true,
  miss: true,
  bypass: true,
  fill: true,
  skip: true,
  invalidate: true,
  widen: true,
  breaker: true,
  leak: true,
  mismatch: true,
  error: true,
};
const eventNames = Object.keys(every) as (keyof CacheEvents)[];

const stopsOf = new WeakMap<Published, Map<string, () => void>>();

/** The part of a cache that is used. */
export type Published = Pick<Cache<never>, 'on' | 'status'>;

/**
 * Publishes what a cache does on channels of Node's `diagnostics_channel`, one for each event: `trpc-cached:hit`. A channel that
 * nobody subscribed to costs a look. Events go as they are: `targets` name tags in clear, and the text of an `error` may quote
 * values. Gives the function that stops it; until that is called, a second call with this prefix changes nothing and gives the
 * same one.
 *
 * @throws CacheError `INVALID_OPTION` for an option that is wrong.
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { createCache } from 'trpc-cached';
 * import { type ChannelMessage, publishEvents } from 'trpc-cached/node';
 *
 * publishEvents(createCache({ scope: 'public' }));
 * subscribe('trpc-cached:bypass', (message) => {
 *   const { namespace, event } = message as ChannelMessage<'bypass'>;
 *   console.warn(namespace, event.path, event.reason);
 * });
 * ```
 */
export function publishEvents(cache: Published, options: ChannelsOptions = {}): () => void {
  rejectUnknown(options, ['prefix'], 'publishEvents');
  const { prefix = 'trpc-cached' } = options;
  if (typeof prefix !== 'string' || prefix === '')
    throw invalid('publishEvents: prefix', "a name such as 'trpc-cached'", prefix);
  const running = stopsOf.get(cache) ?? new Map<string, () => void>();
  stopsOf.set(cache, running);
  const already = running.get(prefix);
  if (already !== undefined) return already;
  const { namespace } = cache.status();
  const stops = eventNames.map((name) => {
    const events = channel(`${prefix}:${name}`);
    return cache.on(name, (event) => {
      if (events.hasSubscribers) events.publish({ namespace, event });
    });
  });
  const stop = () => {
    if (running.get(prefix) === stop) running.delete(prefix);
    for (const stopOne of stops) stopOne();
  };
  running.set(prefix, stop);
  return stop;
}
