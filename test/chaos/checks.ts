import { type History, now } from './history.ts';
import { labelOf, type Role, trustMsOf, type Violation } from './roles.ts';
import type { Answered } from './router.ts';
import { kindOf, timedBoundMs } from './rows.ts';
import type { Tally } from './tally.ts';

/** The oracle, in the process that reads. */
export interface Checks {
  /** To be called before a read of these rows begins; what it returns judges the answer. */
  readonly begin: (rows: readonly number[]) => (answers: readonly Answered[]) => void;
  /** A write whose invalidation the store confirmed: binds every process. */
  readonly confirmed: (row: number, version: number) => void;
  /** One that it did not confirm, or of which the mutation did not say: binds this process alone, at once (law 4). */
  readonly unconfirmed: (row: number, version: number, isKnown: boolean) => void;
  readonly bypassed: () => void;
  /** How many unconfirmed ones are not known to have been written meanwhile. */
  readonly waiting: () => number;
}

interface ChecksParts {
  readonly role: Role;
  readonly history: History;
  readonly tally: Tally;
  readonly report: (violation: Violation) => void;
}

const clockSlackMs = 2; // a trust is measured in whole milliseconds by one of its two clocks

export function createChecks({ role, history, tally, report }: ChecksParts): Checks {
  const own = new Map<number, number>();
  const unconfirmed = new Map<number, number>();
  const trustMs = trustMsOf(role);
  let bypasses = 0;

  const leastOf = (row: number, at: number): readonly [least: number, why: string] => {
    if (kindOf(row) === 'timed') return [history.committedBefore(row, at - timedBoundMs), 'older than its window'];
    const others =
      trustMs > 0 ? history.acknowledgedBefore(row, at - trustMs - clockSlackMs) : history.acknowledged(row);
    const mine = own.get(row) ?? 0;
    return mine > others ? [mine, 'written by this very process'] : [others, 'acknowledged'];
  };

  return {
    begin(rows) {
      const at = now();
      const least = rows.map((row) => leastOf(row, at));
      const bypassesBefore = bypasses;
      const unwritten = [...unconfirmed];
      return (answers) => {
        tally.checked += 1;
        rows.forEach((row, index) => {
          const [oldest, why] = least[index]!;
          const [answered, given] = answers[index] ?? [undefined, -1];
          if (answered === row && given >= oldest) return;
          const found = answered === row ? why : 'another row';
          report({
            ...{ process: role.index, role: labelOf(role), row, kind: kindOf(row) },
            ...{ given, least: oldest, why: found, begun: at },
          });
        });
        // No lookup is trusted before all that was kept is written: one that was, proves that it is.
        if (bypasses !== bypassesBefore) return;
        for (const [row, version] of unwritten) {
          if (unconfirmed.get(row) !== version) continue; // a later one was confirmed, or took its place
          unconfirmed.delete(row);
          history.acknowledge(row, version);
          tally.proven += 1;
        }
      };
    },
    confirmed(row, version) {
      tally.acknowledged += 1;
      own.set(row, version);
      unconfirmed.delete(row);
      history.acknowledge(row, version);
    },
    unconfirmed(row, version, isKnown) {
      tally[isKnown ? 'unacknowledged' : 'unsaid'] += 1;
      own.set(row, version);
      unconfirmed.set(row, version);
    },
    bypassed() {
      bypasses += 1;
    },
    waiting: () => unconfirmed.size,
  };
}
