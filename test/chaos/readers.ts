import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from './checks.ts';
import { type History, now } from './history.ts';
import type { Random } from './random.ts';
import type { Role } from './roles.ts';
import type { Answered, App } from './router.ts';
import { kindOf, kinds, rowCount, rowsOfAKind } from './rows.ts';
import { type Tally, took } from './tally.ts';

interface ReadersParts {
  readonly role: Role;
  readonly app: App;
  readonly history: History;
  readonly random: Random;
  readonly tally: Tally;
  readonly checks: Checks;
  readonly isStopping: () => boolean;
  readonly failed: (failure: string) => void;
}

/** Reads in bursts, as requests come, and has every answer checked. */
export function createReaders(parts: ReadersParts) {
  const { role, app, history, random, tally, checks } = parts;
  const learned = Array.from({ length: rowsOfAKind }, (_, nth) => nth * kinds.length + kinds.indexOf('learned'));

  const ask = (rows: readonly number[]): Promise<readonly Answered[]> => {
    const [row] = rows as [number];
    const caller = app.callerOf(row);
    if (rows.length > 1) return caller.learned.page({ rows: [...rows] });
    switch (kindOf(row)) {
      case 'input':
        return caller.input.get({ row });
      case 'path':
        return caller.path.get({ row });
      case 'pattern':
        return caller.area.deep.get({ row });
      case 'tag':
        return caller.tag.get({ row });
      case 'learned':
        return caller.learned.get({ row });
      case 'scope':
        return caller.mine.get({ row });
      case 'soft':
        return caller.soft.get({ row });
      case 'timed':
        return caller.timed.get({ row });
      case 'wrapped':
        return app.wrapped(row).then((answer) => [answer]);
    }
  };

  async function read(rows: readonly number[]): Promise<void> {
    tally.reads += 1;
    const wasFaulty = history.isFaulty();
    const begun = now();
    const judge = checks.begin(rows);
    try {
      judge(await ask(rows));
    } catch (error) {
      tally.failed += 1;
      parts.failed(`${kindOf(rows[0]!)}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    const when = wasFaulty || history.isFaulty() ? 'faulty' : 'calm';
    took(tally[role.coalesce === 'store' ? (`${when}Leased` as const) : when], now() - begun);
  }

  /** Some rows are read much more than others, as in life. */
  const chosen = (): number[] => {
    const row = Math.floor(random.next() ** 2 * rowCount);
    if (kindOf(row) !== 'learned' || random.chance(0.6)) return [row];
    const first = random.between(0, rowsOfAKind - 1);
    return [0, 1, 2].map((next) => learned[(first + next) % rowsOfAKind]!);
  };

  const burst = (size: number) => Promise.all(Array.from({ length: size }, () => read(chosen())));
  async function loop(): Promise<void> {
    while (!parts.isStopping()) {
      await burst(random.between(1, role.burst));
      await sleep(role.paceMs * 2 * random.next());
    }
  }

  return {
    burst,
    loops: () => Array.from({ length: role.readers }, loop),
    all: () => Promise.all([...Array.from({ length: rowCount }, (_, row) => read([row])), read(learned)]),
  };
}
