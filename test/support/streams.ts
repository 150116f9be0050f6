import superjson from 'superjson';
import { vi } from 'vitest';
import { transformerCodec } from '../../src/codec.ts';
import { type CollectParts, collect, type End } from '../../src/collect.ts';
import type { CachedOptions, CreateCacheOptions } from '../../src/index.ts';
import { type Context, cacheOf, listen, t } from './app.ts';

export const codec = transformerCodec(superjson);

/** A stream on its way, and what was said at its end. */
export const collecting = (source: AsyncIterable<unknown>, parts: Partial<CollectParts> = {}) => {
  const ended = vi.fn<(end: End) => unknown>();
  const pull: CollectParts['pull'] = (next) => next();
  const bounds = { maxItems: 1_000, maxBytes: 1_000_000, ...parts.bounds };
  return { ended, stream: collect(source, { codec, share: 'copy', pull, ended, ...parts, bounds }) };
};

export async function* yielding(...items: unknown[]): AsyncGenerator<unknown> {
  for (const item of items) yield item;
}

export async function* endless(): AsyncGenerator<number> {
  for (let item = 1; ; item++) yield item;
}

type Made = AsyncIterable<any> | number;

/** A query whose answer is a stream, with what became of its runs. */
export const openStream = (
  make: (opts: any, run: number) => Made,
  given: CachedOptions<any, any> = {},
  options: Partial<CreateCacheOptions<Context>> = {},
) => {
  const cache = cacheOf(options);
  let runs = 0;
  const list = t.procedure.use(cache.cached({ ttl: '1m', collect: {}, ...given })).query((opts) => make(opts, ++runs));
  const touch = t.procedure.use(cache.invalidates('list')).mutation(() => 'touched');
  const router = cache.register(t.router({ list, touch }));
  return {
    cache,
    router,
    runs: () => runs,
    call: async (ctx: Context = {}) => (await router.createCaller(ctx).list()) as AsyncGenerator<any>,
    touch: () => router.createCaller({}).touch(),
    skipped: listen(cache, 'skip'),
    filled: listen(cache, 'fill'),
    hits: listen(cache, 'hit'),
  };
};

/** Every item of a stream. */
export const all = async (stream: AsyncIterable<unknown>): Promise<unknown[]> => {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
};

/** Two items, told apart by the run that made them. */
export const pair = async function* (_: unknown, run: number) {
  yield `${run}a`;
  yield `${run}b`;
};
