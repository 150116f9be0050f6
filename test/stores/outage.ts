import { describe, test } from 'vitest';
import type { Store } from '../../src/index.ts';
import { describeOutage as describeIn } from '../../src/testing/index.ts';

/** What every query and every invalidation must survive, whatever the store does (law 4). */
export const describeOutage = (name: string, make: () => Store): void => describeIn({ describe, test }, name, make);
