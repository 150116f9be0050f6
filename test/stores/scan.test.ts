import { expect, test } from 'vitest';
import { writeEntry } from '../../src/frame.ts';
import { scanOf } from '../../src/stores/scan.ts';
import type { RunScript } from '../../src/stores/scripted.ts';
import { scriptsFor } from '../../src/stores/scripts.ts';
import { entryOf } from './contract-entries.ts';

const headOf = (key: string) => [writeEntry(entryOf(key, ['e'], ['1'])).split('\n')[0], 12, ['i1']];

/** A listing of a server that gives as many keys as it is asked for; notes the keys of each script. */
const listing = (answerOf: (keys: readonly string[]) => unknown = (keys) => keys.map(headOf)) => {
  const scripts: (readonly string[])[] = [];
  let running = 0;
  const run: RunScript = async (_script, keys) => {
    expect((running += 1)).toBe(1);
    scripts.push(keys);
    await null;
    running -= 1;
    return answerOf(keys);
  };
  const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `n:${index}`);
  const scan = scanOf('redisStore', scriptsFor({ tellsRuns: false }), run, async (_at, _match, count) => [
    '7',
    keysOf(count),
  ]);
  return { scripts, keysOf, scan: (limit: number) => scan({ prefix: 'n:', limit }) };
};

test('a long page holds a server up for a hundred heads at a time, one script after the other', async () => {
  const { scripts, keysOf, scan } = listing();
  const { entries, cursor } = await scan(997);
  expect(entries.map(({ head }) => head.key)).toEqual(keysOf(997));
  expect(cursor).toBe('7');
  expect(scripts.flat()).toEqual(keysOf(997));
  for (const keys of scripts) expect(keys.length).toBeLessThanOrEqual(128);
});

test('a page of the usual length, and a few more keys, is one script', async () => {
  const { scripts, scan } = listing();
  await scan(110);
  expect(scripts).toHaveLength(1);
});

test('a page of which one script answered with something else is refused', async () => {
  const { scan } = listing((keys) => (keys.length === 128 ? keys.map(headOf) : []));
  await expect(scan(200)).rejects.toThrow('something else than a page of keys');
});
