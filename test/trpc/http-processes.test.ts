import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';

const script = `
  import(${JSON.stringify(new URL('../support/etags.ts', import.meta.url).href)})
    .then(({ etagsOfOwnServer }) => etagsOfOwnServer())
    .then((etags) => console.log(JSON.stringify(etags)));
`;

let others: Record<string, string>;

beforeAll(async () => {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
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
