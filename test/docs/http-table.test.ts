import { expect, test } from 'vitest';
import { adapters, limits } from '../support/http-adapters.ts';
import { cases, table, tested } from './http-cases.ts';
import { read } from './pages.ts';

const page = 'docs/http.md';
const [start, end] = ['<!-- cases -->\n\n', '\n\n<!-- end of cases -->'];

// `npx vitest run test/docs/http-table.test.ts -u` writes it.
test('the table of cases says what the tests of each adapter are', async () => {
  const text = read(page);
  const [before, behind] = [text.indexOf(start) + start.length, text.indexOf(end)];
  expect(behind).toBeGreaterThan(before);
  await expect(text.slice(0, before) + table() + text.slice(behind)).toMatchFileSnapshot(`../../${page}`);
});

test('every case is tested on every adapter, but for those that cannot have it', () => {
  const found = tested();
  const excused = Object.values(limits).flatMap((limit) =>
    limit.adapters.flatMap(({ name }) => limit.cases.map((number) => `${number} ${name}`)),
  );
  const missing = Object.keys(cases).flatMap((number) =>
    adapters.filter((adapter) => found.get(number)?.has(adapter) !== true).map(({ name }) => `${number} ${name}`),
  );
  expect(missing.filter((one) => !excused.includes(one))).toEqual([]);
});

test('every numbered test is of a case that is listed', () => {
  expect([...tested().keys()].filter((number) => !(number in cases))).toEqual([]);
});
