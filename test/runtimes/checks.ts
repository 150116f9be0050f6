import { answers } from './checks-answers.ts';
import { flights } from './checks-flights.ts';
import { invalidations } from './checks-invalidations.ts';
import { outages } from './checks-outages.ts';
import type { Row } from './rows.ts';
import type { World } from './world.ts';

/** One thing that a runtime must do: a column of the table. */
export interface Check {
  /** The head of the column. */
  readonly name: string;
  /** What is promised, as a sentence. */
  readonly promise: string;
  /** Throws when it is not so. */
  readonly run: (world: World) => Promise<void>;
  /** What stands in the cell of a runtime where it is so in part. */
  readonly limit?: (row: Row) => string | undefined;
}

/** All of them, in the order in which they run: what disturbs the store comes last. */
export const checks: readonly Check[] = [...answers, ...invalidations, ...flights, ...outages];
