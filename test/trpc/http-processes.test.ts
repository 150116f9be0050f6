import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { compiled } from '../support/compiled.ts';
import { adapters, openShop } from '../support/http-adapters.ts';

let others: Record<string, string>;

beforeAll(async () => {
  const script = await compiled(new URL('../support/etags-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  others = JSON.parse(stdout);
});

describe.each(adapters)('processes over $name', (adapter) => {
  test('A15: two processes with stores of their own give the same tags to the same data', async () => {
    const own: Record<string, string | null> = {};
    for (const typed of [false, true]) {
      const shop = await openShop(adapter, { shop: { typed } });
      for (const path of ['def', 'pub', 'lang', 'pub,long?batch=1', 'long,pub?batch=1'])
        own[`${typed ? 'typed' : 'plain'} ${path}`] = (await shop.send(path)).headers.get('etag');
    }
    expect(own).toEqual(others);
    expect(new Set(Object.values(own)).size).toBe(Object.keys(own).length);
    for (const etag of Object.values(own)) expect(etag).toMatch(/^W\/"/);
  });
});
