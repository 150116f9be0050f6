import { everyone } from '../../src/index.ts';
import type { Target } from '../../src/targets.ts';
import type { Random } from './random.ts';

/** The ways in which an answer is found and made unusable; each row has one. */
export const kinds = [
  'input',
  'path',
  'pattern',
  'tag',
  'learned',
  'scope',
  'wrapped',
  'soft', // with a stale window: what was invalidated is not served stale either
  'timed', // never invalidated: only ttl and stale window bound its age
] as const;
export type Kind = (typeof kinds)[number];

export const rowsOfAKind = 8;
export const rowCount = kinds.length * rowsOfAKind;
export const processCount = 4;

export const kindOf = (row: number): Kind => kinds[row % kinds.length]!;
/** The process that writes a row. */
export const writerOf = (row: number): number => Math.floor(row / kinds.length) % processCount;
export const userOf = (row: number): string => `user-${row}`;
export const tagOf = (row: number): string => `row:${row}`;

export const softTtl = '200ms';
export const timed = { ttl: '300ms', staleWhileRevalidate: '700ms' } as const;
/** The window of a timed row, and two seconds for a procedure that has read and is not done. */
export const timedBoundMs = 300 + 700 + 2_000;

/** A target that reaches the row, and maybe more than it. */
export function targetOf(row: number, random: Random): Target {
  const kind = kindOf(row);
  const scope = userOf(row);
  switch (kind) {
    case 'input':
      return random.chance(0.8)
        ? { path: 'input.get', input: { row } }
        : { path: 'input.get', input: { row }, scope: everyone };
    case 'path':
      return 'path.get';
    case 'pattern':
      return random.pick(['area.*', 'area.deep.*', '*.deep.get', 'area.deep.get']);
    case 'tag':
    case 'learned':
      return { tag: tagOf(row) };
    case 'scope':
      return random.pick<Target>([
        { scope },
        { path: 'mine.get', scope },
        { path: 'mine.*', scope },
        { path: 'mine.get', input: { row }, scope },
        { path: 'mine.get', input: { row } },
      ]);
    case 'soft':
      return random.pick<Target>([{ path: 'soft.get', input: { row } }, { tag: tagOf(row) }]);
    case 'wrapped':
    case 'timed':
      throw new Error(`${kind} rows have no target`);
  }
}
