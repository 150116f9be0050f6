import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';
import { useClock } from '../support/http-checks.ts';
import { type ContextOpts, createContext } from '../support/http-router.ts';

useClock();

const set = ({ resHeaders, res }: ContextOpts, name: string, value: string) => {
  if (resHeaders !== undefined) resHeaders.set(name, value);
  else if (res !== undefined && 'raw' in res) (res as FastifyReply).header(name, value);
  else (res as ServerResponse).setHeader(name, value);
};

const metas: [string, (() => object) | undefined][] = [
  ['without responseMeta', undefined],
  ['beside Headers', () => ({ headers: new Headers({ 'x-a': '1' }) })],
  ['beside a plain object', () => ({ headers: { 'x-a': '1' } })],
];

const withOuter = adapters.filter(({ outer }) => outer !== 'nothing');

// RFC 9211 section 2: the member of each cache stands behind those of caches nearer to the origin.
describe.each(withOuter)('what a cache nearer to the origin said of itself over $name', (adapter) => {
  test.each(metas)('stays in front of what is said here, %s', async (_, responseMeta) => {
    const shop = await openShop(adapter, {
      shop: { http: { cacheStatus: 'trpc-cached' } },
      createContext: (opts: ContextOpts) => {
        set(opts, 'Cache-Status', 'db-cache; hit');
        set(opts, 'X-Cache', 'HIT from db');
        return createContext(opts);
      },
      ...(responseMeta !== undefined && { responseMeta }),
    });
    const { headers } = await shop.send('pub');
    expect(headers.get('cache-status')).toBe('db-cache; hit, trpc-cached; fwd=miss; stored');
    expect(headers.get('x-cache')).toBe('HIT from db, MISS');
    expect((await shop.send('raw')).headers.get('x-cache')).toBe('HIT from db');
  });
});

describe.each(adapters)('what responseMeta says of a cache over $name', (adapter) => {
  test.each([
    ['Headers', (fields: Record<string, string>) => new Headers(fields)],
    ['a plain object', (fields: Record<string, string>) => fields],
  ])('in %s stays in front of what is said here', async (_, make) => {
    const shop = await openShop(adapter, {
      shop: { http: { cacheStatus: 'trpc-cached' } },
      responseMeta: () => ({ headers: make({ 'Cache-Status': 'db-cache; hit' }) }),
    });
    expect((await shop.send('pub')).headers.get('cache-status')).toBe('db-cache; hit, trpc-cached; fwd=miss; stored');
  });
});
