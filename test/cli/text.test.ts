import { describe, expect, it } from 'vitest';
import { pagesOf } from '../../src/cli/pages.ts';
import { createProgress } from '../../src/cli/progress.ts';
import { placeOf, redactor } from '../../src/cli/redact.ts';
import { bytesOf, plainly, table } from '../../src/cli/table.ts';

describe('what is printed', () => {
  it('cannot move the cursor of a terminal, whatever is in a store', () => {
    expect(plainly('post\u001b[2J\r\nok\u202e\u0000')).toBe('post?[2J??ok??');
    expect(plainly('Straße 7 · 東京')).toBe('Straße 7 · 東京');
  });

  it('stands in columns', () => {
    expect(
      table(
        ['PATH', 'N'],
        [
          ['a', '10'],
          ['bb.c', '1'],
        ],
        [1],
      ),
    ).toBe('PATH   N\na     10\nbb.c   1\n');
  });

  it('has bytes that people can compare', () => {
    expect([0, 999, 1_000, 12_345, 999_499, 999_500, 2.5e9].map(bytesOf)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '12 kB',
      '999 kB',
      '1.0 MB',
      '2.5 GB',
    ]);
  });

  it('has no password and no token in it, in whatever form', () => {
    const hide = redactor({ kind: 'redis', url: 'redis://app:p%40ss@host:6379/2', cluster: false });
    expect(hide('WRONGPASS p@ss, p%40ss in redis://app:p%40ss@host:6379/2')).toBe('WRONGPASS ***, *** in ***');
    expect(placeOf({ kind: 'redis', url: 'redis://app:p%40ss@host:6379/2', cluster: false })).toBe('host:6379/2');
    const address = { kind: 'upstash', url: 'https://eu1.upstash.io', token: 'AXsecret' } as const;
    expect(redactor(address)('Bearer AXsecret refused')).toBe('Bearer *** refused');
  });

  it('is a bar where a person looks, and nothing in a log', () => {
    const drawn: string[] = [];
    const io = { err: (text: string) => void drawn.push(text), isWatched: true };
    const bar = createProgress(io, 'Reading', 200);
    bar.at(100);
    bar.at(101); // not at once again
    expect(drawn).toEqual([`\rReading [${'#'.repeat(15)}${'.'.repeat(15)}] 50 %`]);
    bar.end();
    expect(drawn.at(-1)).toMatch(/^\r +\r$/);
    createProgress({ ...io, isWatched: false }, 'Reading', 200).at(100);
    expect(drawn).toHaveLength(2);
  });
});

describe('pages', () => {
  /** How many keys each page is asked for, where so many of a thousand keys are entries. */
  const limitsWith = async (perThousand: number) => {
    const limits: number[] = [];
    const store = {
      scan: ({ limit }: { limit: number }) => {
        limits.push(limit);
        const entries = Array.from({ length: Math.round((limit * perThousand) / 1_000) });
        return { entries, ...(limits.length < 8 && { cursor: String(limits.length) }) };
      },
    };
    const io = { isWatched: false, signal: new AbortController().signal };
    for await (const _ of pagesOf({ store } as never, { prefix: '', part: '' }, io as never));
    return limits;
  };

  it('have about a hundred entries: reading more would hold the server up', async () => {
    expect(new Set(await limitsWith(1_000))).toEqual(new Set([100]));
    expect(await limitsWith(200)).toEqual([100, 200, 200, 200, 200, 200, 200, 200]);
    expect(await limitsWith(1)).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]);
  });

  it('end with Ctrl-C between them', async () => {
    const interruption = new AbortController();
    const scan = () => ({ entries: [], cursor: '1' });
    const io = { isWatched: false, signal: interruption.signal };
    let pages = 0;
    const reading = async () => {
      for await (const _ of pagesOf({ store: { scan } } as never, { prefix: '', part: '' }, io as never)) {
        if (++pages === 3) interruption.abort();
      }
    };
    await expect(reading()).rejects.toMatchObject({ name: 'Interrupted' });
    expect(pages).toBe(3);
  });
});
