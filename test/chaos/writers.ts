import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '../../src/index.ts';
import type { Checks } from './checks.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';
import type { Role } from './roles.ts';
import type { App, Context } from './router.ts';
import { kindOf, rowCount, targetOf, writerOf } from './rows.ts';

interface WritersParts {
  readonly role: Role;
  readonly app: App;
  readonly cache: Cache<Context>;
  readonly history: History;
  readonly random: Random;
  readonly checks: Checks;
  readonly isStopping: () => boolean;
  /** An invalidation begins. */
  readonly beginning: () => void;
}

/** Writes the rows of this process, one after the other, each through one of the ways to invalidate. */
export function createWriters(parts: WritersParts) {
  const { role, app, cache, history, random, checks } = parts;
  const rows = Array.from({ length: rowCount }, (_, row) => row).filter((row) => writerOf(row) === role.index);

  /** Runs what invalidates: true when it confirms. */
  const isConfirmed = async (work: Promise<unknown>): Promise<boolean> => {
    parts.beginning();
    try {
      await work;
      return true;
    } catch (error) {
      if (isUnacknowledged(error)) return false;
      throw error;
    }
  };

  async function write(row: number): Promise<void> {
    const kind = kindOf(row);
    if (kind === 'timed') {
      history.commit(row);
      // What is expired may be served for as long as what is stale.
      if (random.chance(0.5))
        await isConfirmed(cache.invalidate({ path: 'timed.get', input: { row } }, { mode: 'expire' }));
      return;
    }
    const way = random.next();
    let isSafe: boolean;
    let isKnown = true;
    if (way < 0.005 || kind === 'wrapped') {
      history.commit(row);
      isSafe = await isConfirmed(kind === 'wrapped' ? app.wrapped.invalidate(row) : cache.clear());
    } else {
      const targets = [targetOf(row, random)];
      if (way < 0.4) {
        history.commit(row);
        isSafe = await isConfirmed(cache.invalidate(targets[0]!));
      } else if (way < 0.85) {
        isSafe = await isConfirmed(app.callerOf(row).write.strict({ row, targets }));
      } else {
        // It does not say whether the store confirmed: that binds this process only.
        await isConfirmed(app.callerOf(row).write.eager({ row, targets }));
        isSafe = false;
        isKnown = false;
      }
    }
    const version = history.committed(row);
    if (isSafe) checks.confirmed(row, version);
    else checks.unconfirmed(row, version, isKnown);
  }

  async function loop(mine: readonly number[]): Promise<void> {
    while (!parts.isStopping()) {
      await write(random.pick(mine));
      await sleep(role.writeMs * 2 * random.next());
    }
  }

  // Two at a time, and never two on one row.
  return { loops: () => [0, 1].map((half) => loop(rows.filter((_, index) => index % 2 === half))) };
}

function isUnacknowledged(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code === 'NOT_ACKNOWLEDGED' || (cause !== undefined && isUnacknowledged(cause));
}
