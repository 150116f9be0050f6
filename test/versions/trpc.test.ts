import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases } from '../docs/http-cases.ts';
import { expectTable, markdownTable } from '../support/compatibility.ts';
import { etagsOfOwnServer } from '../support/etags.ts';
import { useClock } from '../support/http-checks.ts';
import { testWhatItLeansOn } from './leans-on.ts';
import { importParts } from './parts.ts';
import { endImporting, importing, isInstalled, releases } from './releases.ts';
import { testRouters } from './routers.ts';

const folder = fileURLToPath(new URL('../trpc/', import.meta.url));

/** The files with numbered cases; A15, which starts a process, is asked for otherwise below. */
const files = [
  ...['batches', 'lifetimes', 'merged-copies', 'options', 'private-cache', 'refusals', 'streams', 'validators'],
  ...['windows'],
].map((name) => `http-${name}.test.ts`);

/** What releases do differently by themselves: the tests ask plain tRPC, so here it is told. Between tested releases the border is a guess. */
const differences = [
  { before: '11.10.0', vary: ['trpc-accept'], allow: null, readsEmptyBody: false },
  { before: '11.23.0', vary: ['accept', 'trpc-accept'], allow: null, readsEmptyBody: false },
  { before: '12.0.0', vary: ['accept', 'trpc-accept'], allow: 'POST', readsEmptyBody: true },
];
const isBefore = (version: string, other: string) => version.localeCompare(other, 'en', { numeric: true }) < 0;

afterAll(endImporting);

describe.each(releases)('on tRPC $version', (release) => {
  describe.each(files)('%s', async (file) => {
    await importing(release, () => import(/* @vite-ignore */ `${folder}${file}`));
  });

  describe('the library', async () => {
    useClock();
    const parts = await importing(release, importParts);

    let expected: Awaited<ReturnType<typeof etagsOfOwnServer>>;
    beforeAll(async () => {
      expected = await etagsOfOwnServer();
    });
    test('A15: a process on the latest release gives equal tags', async () => {
      expect(await parts.etags.etagsOfOwnServer()).toEqual(expected);
    });

    test('is tested against what the release does by itself, which is this', async () => {
      const { before: _, ...difference } = differences.find(({ before }) => isBefore(release.version, before))!;
      expect(await parts.plain.plainTrpc()).toEqual(difference);
      const { initTRPC, transformTRPCResponse } = await release.load<typeof parts.server>('@trpc/server');
      expect(parts.server.initTRPC).toBe(initTRPC);
      expect(parts.server.transformTRPCResponse).toBe(transformTRPCResponse);
    });

    describe('internals', () => testWhatItLeansOn(parts));
    describe('routers', () => testRouters(parts));
  });
});

test.skipIf(!isInstalled)(
  'the table says on which releases which tests passed, the oldest and the latest among them',
  async ({ task }) => {
    const testsOf = (of: { tasks: readonly any[] }): any[] =>
      of.tasks.flatMap((one) => (one.tasks ? testsOf(one) : one));
    const pass = (of: { tasks: readonly any[] }) => {
      expect(testsOf(of).filter(({ result }) => result?.state !== 'pass')).toEqual([]);
      expect(testsOf(of).length).toBeGreaterThan(4);
      return '✓';
    };
    const numbers = (name: string) => /^((?:A\d+(?:, )?)+):/.exec(name)?.[1]?.split(', ') ?? [];
    const rows = releases.map(({ version }) => {
      const suite = task.file.tasks.find(({ name }) => name.includes(version)) as { tasks: any[] };
      const found = new Set(testsOf(suite).flatMap(({ name }) => numbers(name)));
      const missing = Object.keys(cases).filter((number) => !found.has(number));
      expect(missing).toEqual([]);
      const inside = (name: string) => suite.tasks.flatMap(({ tasks }) => tasks).find((one: any) => one.name === name);
      const http = pass({ tasks: suite.tasks.filter(({ name }) => name.startsWith('http-')) });
      const counted = `${http} ${found.size} of ${Object.keys(cases).length}`;
      return [version, counted, pass(inside('routers')), pass(inside('internals'))];
    });
    expect(rows[0]?.[0]).toBe('11.0.0');
    expect(rows.length).toBeGreaterThanOrEqual(6);
    const head = [
      '`@trpc/server`',
      'cases of [HTTP](http.md)',
      'merged, nested and lazy routers',
      'what the library leans on',
    ];
    await expectTable('trpc', markdownTable(head, rows));
  },
);
