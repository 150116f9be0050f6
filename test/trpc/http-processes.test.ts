import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { etagsOfOwnServer } from '../support/etags.ts';

const script = `
  import(${JSON.stringify(new URL('../support/etags.ts', import.meta.url).href)})
    .then(({ etagsOfOwnServer }) => etagsOfOwnServer())
    .then((etags) => console.log(JSON.stringify(etags)));
`;

test('A15: two processes with stores of their own give the same tags to the same data', async () => {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const own = await etagsOfOwnServer();
  expect(JSON.parse(stdout)).toEqual(own);
  expect(new Set(Object.values(own)).size).toBe(Object.keys(own).length);
  for (const etag of Object.values(own)) expect(etag).toMatch(/^W\/"/);
});
