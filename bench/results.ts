import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from './environment.ts';
import type { Clock } from './group.ts';
import type { Figure, Summary } from './summary.ts';

/** What was measured of one part, when and where. */
export interface PartResult {
  /** The day, as in `2026-11-21`. */
  readonly measured: string;
  readonly runs: number;
  readonly quick: boolean;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly groups: readonly Summary[];
}

/** What is kept: parts by their names. */
export interface Results {
  readonly parts: Readonly<Record<string, PartResult>>;
}

/** The figures of a file; none when there is no such file. */
export function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { parts: {} };
    throw error;
  }
}

/** Writes figures, as many digits of each as mean something. */
export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify(results, (_, value) => (typeof value === 'number' ? rounded(value) : value), 2)}\n`,
  );
}

/** Four digits, or all of a whole number's. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 10_000 ? Math.round(value) : Number(value.toPrecision(4));

/** Figures with those of some parts in place of the former ones. */
export const merged = (former: Results, parts: Readonly<Record<string, PartResult>>): Results => ({
  parts: { ...former.parts, ...parts },
});

/** A group of a part, if it was measured. */
export const groupIn = ({ parts }: Results, part: string, group: string): Summary | undefined =>
  parts[part]?.groups.find(({ name }) => name === group);

/** A figure of a group, if it was measured. */
export const figureIn = (group: Summary | undefined, name: string): Figure | undefined =>
  group?.figures.find((figure) => figure.name === name);
