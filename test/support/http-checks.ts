import CachePolicy from 'http-cache-semantics';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Reply } from './http-adapters.ts';

/** A clock that stands still, for dates alone: sockets and timers go on. */
export function useClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Lets time go by. */
export function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

/** The directives of `Cache-Control` by name; one that comes twice fails the test (I4). */
export function directives({ headers }: Reply): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const member of (headers.get('cache-control') ?? '').split(',')) {
    const [name = '', argument] = member.trim().toLowerCase().split('=');
    if (name === '') continue;
    expect(found.has(name), `${name} comes twice`).toBe(false);
    found.set(name, argument);
  }
  return found;
}

/** The members of `Vary`, lower-case, sorted. */
export function varyOf({ headers }: Reply): string[] {
  return (headers.get('vary') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .sort();
}

/** Seconds that a browser may reuse the reply without asking: what RFC 9111 makes of it, not what the header seems to say. */
export function life(reply: Reply): number {
  return policyOf(reply, false).maxAge();
}

/** Whether a cache between server and client may keep the reply. */
export function isSharedStorable(reply: Reply, requestHeaders: Record<string, string> = {}): boolean {
  return policyOf(reply, true, requestHeaders).storable();
}

function policyOf(reply: Reply, shared: boolean, requestHeaders: Record<string, string> = {}): CachePolicy {
  return new CachePolicy(
    { method: 'GET', url: '/trpc', headers: requestHeaders },
    { status: reply.status, headers: Object.fromEntries(reply.headers) },
    { shared },
  );
}

const sharedFields = /^(.*cdn-cache-control|surrogate-.*|.*cache-tag)$/;

/** NOSHARE of http-cases: nothing that lets a shared cache keep the reply. */
export function expectNoShare(reply: Reply): void {
  const found = directives(reply);
  expect(found.has('public')).toBe(false);
  expect(found.has('s-maxage')).toBe(false);
  if (!found.has('private')) {
    expect(found.has('must-revalidate')).toBe(false);
    expect(found.has('proxy-revalidate')).toBe(false);
  }
  expect([...reply.headers.keys()].filter((name) => sharedFields.test(name))).toEqual([]);
}

/** NOSTORE of http-cases: nobody keeps the reply, and nothing describes it. */
export function expectNoStore(reply: Reply): void {
  expect([...directives(reply).keys()]).toEqual(['no-store']);
  expectNoShare(reply);
  expectUntagged(reply);
  expect(isSharedStorable(reply)).toBe(false);
}

/** A reply that cannot be asked about again: no tag, no age. */
export function expectUntagged({ headers }: Reply): void {
  expect(headers.get('etag')).toBeNull();
  expect(headers.get('age')).toBeNull();
}

/** A reply that says nothing about caching. */
export function expectUndescribed(reply: Reply): void {
  expectUntagged(reply);
  expect(reply.headers.get('cache-control')).toBeNull();
  expectNoShare(reply);
}

/** The tag of a reply, which must have one. */
export function etagOf({ headers }: Reply): string {
  const etag = headers.get('etag');
  expect(etag).not.toBeNull();
  return etag as string;
}

/** A 304 as it must be: no body, no length of one, the same tag. */
export function expectNotModified(reply: Reply, etag: string): void {
  expect(reply.status).toBe(304);
  expect(reply.body).toBe('');
  expect(reply.headers.get('etag')).toBe(etag);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding'])
    expect(reply.headers.get(name)).toBeNull();
}

// What differs between two equal answers of a Node server for reasons of its connection.
const ofConnection = ['date', 'connection', 'keep-alive'];

/** The headers of a reply, without those that a connection adds and those named. */
export function headersOf({ headers }: Reply, ...without: string[]): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !ofConnection.includes(name) && !without.includes(name)));
}

/** The output in the body of an unbatched reply of a router without transformer. */
export function outputOf({ body }: Reply): unknown {
  return (JSON.parse(body) as { result: { data: unknown } }).result.data;
}
