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

/** The part of a cache that is used. */
export type Published = Pick<Cache<never>, 'on' | 'status'>;

/**
 * Publishes what a cache does on channels of Node's `diagnostics_channel`, one for each event: `trpc-cached:hit`. A channel that
 * nobody subscribed to costs a look. Gives the function that stops it.
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
  const { namespace } = cache.status();
  const stops = eventNames.map((name) => {
    const events = channel(`${prefix}:${name}`);
    return cache.on(name, (event) => {
      if (events.hasSubscribers) events.publish({ namespace, event });
    });
  });
  return () => {
    for (const stop of stops) stop();
  };
}
