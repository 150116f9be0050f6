import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AnyTRPCRouter } from '@trpc/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, read, root } from './pages.ts';

describe('README', () => {
  it('has at most 150 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it('shows code within its first ten lines', () => {
    expect(read('README.md').split('\n').indexOf('```ts')).toBeLessThan(10);
  });

  it('has no time that the example app has not printed', () => {
    const printed = read('example-app/README.md');
    const times = Array.from(read('README.md').matchAll(/[\d.]+ ms\b/g), ([time]) => time);
    expect(times.filter((time) => !printed.includes(time))).toEqual([]);
  });
});

describe('the first example of the README', () => {
  interface Example {
    appRouter: AnyTRPCRouter;
    server: Server;
  }
  let example: Example;
  type Post = { title: string; readAt: number };
  type Caller = {
    post: {
      byId: (input: { id: number }) => Promise<Post>;
      rename: (input: { id: number; title: string }) => Promise<void>;
    };
  };

  beforeAll(async () => {
    const folder = `${root}.cache/readme-${process.pid}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/example.ts`, blocksOf('README.md')[0]?.code ?? '');
    try {
      example = (await import(/* @vite-ignore */ `${folder}/example.ts`)) as Example;
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('misses, hits, and is invalidated, through a caller', async () => {
    const { post } = example.appRouter.createCaller({}) as unknown as Caller;
    const first = await post.byId({ id: 1 });
    expect(first.title).toBe('Hello');
    expect(await post.byId({ id: 1 })).toEqual(first);

    await post.rename({ id: 1, title: 'Good morning' });
    expect((await post.byId({ id: 1 })).title).toBe('Good morning');
  });

  it('sends what its table says', async () => {
    const { server } = example;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const byId = (headers: Record<string, string> = {}) =>
        fetch(`${origin}/post.byId?input=${encodeURIComponent('{"id":2}')}`, { headers });
      const rename = () =>
        fetch(`${origin}/post.rename`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"id":2,"title":"Two"}',
        });

      const miss = await byId();
      const etag = miss.headers.get('etag') ?? '';
      const body = await miss.text();
      expect([miss.status, miss.headers.get('x-cache')]).toEqual([200, 'MISS']);
      expect(etag).toMatch(/^W\/"/);

      const hit = await byId();
      expect([hit.status, hit.headers.get('x-cache'), await hit.text()]).toEqual([200, 'HIT', body]);

      const notModified = await byId({ 'if-none-match': etag });
      expect([notModified.status, await notModified.text()]).toEqual([304, '']);

      expect((await rename()).status).toBe(200);
      const renewed = await byId({ 'if-none-match': etag });
      expect([renewed.status, renewed.headers.get('x-cache')]).toEqual([200, 'MISS']);
      expect(renewed.headers.get('etag')).not.toBe(etag);
      expect(await renewed.text()).toContain('Two');
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
