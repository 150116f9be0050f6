import type { Cache } from 'trpc-cached';
import { expect } from 'vitest';
import type { Served } from '../support/http-sockets.ts';

export type Call = (input?: unknown) => Promise<any>;
export type Api = Record<string, Call> & Record<string, Record<string, Call>>;
/** A router of a recipe. */
export interface App {
  createCaller: (ctx: unknown) => Api;
}

/** A file of a recipe, as it runs. */
export const loadFrom = <M>(folder: string, path: string): Promise<M> =>
  import(/* @vite-ignore */ `${folder}/${path}`) as Promise<M>;

/** What a cache says of the queries that are made meanwhile. */
export async function outcomesOf(cache: Pick<Cache<object>, 'on'>, run: () => unknown): Promise<string> {
  const said: string[] = [];
  const stop = [cache.on('hit', () => said.push('hit')), cache.on('miss', () => said.push('miss'))];
  await run();
  for (const one of stop) one();
  return said.join(' ');
}

/** An input in a URL. */
export const sent = (input: unknown) => `input=${encodeURIComponent(JSON.stringify(input))}`;
/** A mutation. */
export const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Miss, hit, 304; then a mutation, after which the same tag gets the new answer. */
export async function missHit304(api: Served, query: string, mutate: () => Promise<{ status: number }>): Promise<void> {
  const miss = await api.send(query);
  expect([miss.status, miss.headers.get('x-cache')]).toEqual([200, 'MISS']);
  const hit = await api.send(query);
  expect([hit.status, hit.headers.get('x-cache'), hit.body]).toEqual([200, 'HIT', miss.body]);
  const headers = { 'if-none-match': hit.headers.get('etag') ?? '' };
  const unchanged = await api.send(query, { headers });
  expect([unchanged.status, unchanged.body]).toEqual([304, '']);
  expect((await mutate()).status).toBeLessThan(300);
  const renewed = await api.send(query, { headers });
  expect([renewed.status, renewed.headers.get('x-cache')]).toEqual([200, 'MISS']);
  expect(renewed.body).not.toBe(miss.body);
}
