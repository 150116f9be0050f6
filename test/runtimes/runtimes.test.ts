import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compatibilityPage } from '../support/compatibility.ts';
import { redisAvailable } from '../support/redis.ts';
import { checks } from './checks.ts';
import { startQuickstart } from './quickstart.ts';
import { type Row, usualRows } from './rows.ts';
import { type Found, type Ground, prepareFor, runOn } from './run.ts';
import { cellsOf, lineOf } from './table.ts';

const folder = fileURLToPath(new URL(`../../.cache/runtimes-${process.pid}`, import.meta.url));
const isThere = ({ program }: Row) => redisAvailable && program !== undefined;
const there = usualRows.filter(isThere);

/** The lines of the page that are about a runtime; of another version of Node, nothing is said there. */
const linesOf = ({ row, version }: Found): string[] => {
  const versionOnPage = row.kind === 'node' ? `${version.split('.')[0]}.` : `${version} |`;
  return readFileSync(compatibilityPage, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`| ${row.name} | ${versionOnPage}`) && line.includes(`| ${row.detail} |`));
};

describe('the built package', () => {
  let ground: Ground | undefined;
  const found = new Map<Row, Promise<Found>>();
  const foundOf = (row: Row) => found.get(row) as Promise<Found>;

  beforeAll(async () => {
    if (there.length === 0) return;
    const prepared = await prepareFor(there, folder, false);
    ground = prepared;
    for (const row of there) found.set(row, runOn(row, prepared));
    await Promise.allSettled(found.values());
  }, 120_000);
  afterAll(async () => {
    await ground?.redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const onWorkers = usualRows.find(({ date }) => date !== undefined && date > '2026-05') as Row;
  it.skipIf(!isThere(onWorkers))('runs the first example of the README as it stands there, in workerd', async () => {
    const { origin, close } = await startQuickstart(onWorkers, (ground as Ground).built);
    try {
      const byId = async (headers: Record<string, string> = {}) => {
        const response = await fetch(`${origin}/post.byId?input=${encodeURIComponent('{"id":2}')}`, { headers });
        return { seen: [response.status, response.headers.get('x-cache')], body: await response.text(), response };
      };
      const miss = await byId();
      expect(miss.seen).toEqual([200, 'MISS']);
      const hit = await byId();
      expect([hit.seen, hit.body]).toEqual([[200, 'HIT'], miss.body]);
      const held = { 'if-none-match': miss.response.headers.get('etag') ?? '' };
      expect(await byId(held)).toMatchObject({ seen: [304, 'HIT'], body: '' });

      const body = '{"id":2,"title":"Two"}';
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${origin}/post.rename`, { method: 'POST', headers, body })).status).toBe(200);
      const renewed = await byId(held);
      expect(renewed.seen).toEqual([200, 'MISS']);
      expect(renewed.body).toContain('Two');
    } finally {
      await close();
    }
  });

  for (const row of usualRows) {
    describe.skipIf(!isThere(row))(`on ${row.name}, ${row.detail}`, () => {
      it.each(checks)('$name: $promise', async ({ name }) => {
        const { failures } = await foundOf(row);
        if (failures.has(name)) throw failures.get(name);
      });

      it('is what docs/compatibility.md says, which `npm run test:runtimes` writes', async () => {
        const one = await foundOf(row);
        const [name, version, ...cells] = cellsOf(one);
        const lines = linesOf(one);
        if (row.kind !== 'node') return expect(lines).toEqual([lineOf([name as string, version as string, ...cells])]);
        for (const line of lines) expect(line.split(' | ').slice(2).join(' | ')).toBe(`${cells.join(' | ')} |`);
      });
    });
  }
});
