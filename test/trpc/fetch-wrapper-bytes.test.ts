import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { open } from './fetch-wrapper-app.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const one = encodeURIComponent(JSON.stringify({ 0: { json: { id: 1 } }, 1: { json: { id: 2 } } }));
const paths = [
  'rows',
  'rows?batch=1',
  `byId,byId?batch=1&input=${one}`,
  'rows,nothing,no?batch=1',
  'rows,raw?batch=1',
  'rows,fails?batch=1',
  'nothing',
  'no',
  'raw',
  'fails',
  'unknown',
];
const shown = async (response: Response) => ({
  status: response.status,
  headers: Object.fromEntries([...response.headers].filter(([name]) => name !== 'x-cache')),
  body: await response.text(),
});

describe.each([
  ['in memory', false],
  ['on a remote store', true],
])('cache.fetch %s', (_, remote) => {
  test.each(paths)('gives the same bytes and headers as without it, missed and hit: %s', async (path) => {
    const { wrapped, plain } = open({ remote });
    for (let times = 0; times < 3; times++) {
      const [with_, without] = [await shown(await wrapped(path)), await shown(await plain(path))];
      expect(with_).toEqual(without);
    }
  });

  test.each(['rows', 'rows,no?batch=1'])('so without a transformer: %s', async (path) => {
    const { wrapped, plain } = open({ remote, transformer: undefined });
    for (let times = 0; times < 3; times++) {
      expect(await shown(await wrapped(path))).toEqual(await shown(await plain(path)));
    }
  });

  test('the stored text of a hit is in the body as it is: its wire form is neither parsed nor written again', async () => {
    const { wrapped } = open({ remote });
    const first = await (await wrapped('rows')).text();
    const stringify = vi.spyOn(JSON, 'stringify');
    const second = await wrapped('rows');
    expect(await second.text()).toBe(first);
    expect(second.headers.get('x-cache')).toBe('HIT');
    const written = stringify.mock.results.map(({ value }) => String(value));
    expect(written.every((text) => !text.includes('quoted'))).toBe(true);
  });
});
