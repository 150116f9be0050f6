// Docs: docs/cli.md
import { type Arguments, type Command, readArguments } from './arguments.ts';
import { connect, type Load, refuseOneNode } from './connect.ts';
import type { Connection } from './connection.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { help } from './help.ts';
import { invalidate } from './invalidate.ts';
import { Interrupted, type Io, UsageError, unlessInterrupted } from './io.ts';
import { list } from './list.ts';
import { masker, placeOf, redactor } from './redact.ts';
import { stats } from './stats.ts';
import { plainly } from './table.ts';

type Work = (given: Arguments, connection: Connection, io: Io) => Promise<number>;

const works: Readonly<Record<Command, Work>> = { stats, ls: list, explain, invalidate, doctor };

/** Runs a command line, and gives its exit code. Throws nothing. */
export async function run(argv: readonly string[], shown: Io, version: () => string, load?: Load): Promise<number> {
  const io = masking(argv, shown);
  let given: Arguments | undefined;
  let connection: Connection | undefined;
  try {
    const read = readArguments(argv, io.env);
    if (read === 'help' || read === 'version') {
      io.out(read === 'help' ? help : `${version()}\n`);
      return 0;
    }
    given = read;
    connection = await unlessInterrupted(io, connect(given.address, io.signal, load));
    // The doctor says it as a finding.
    if (given.command !== 'doctor') await unlessInterrupted(io, refuseOneNode(given.address, connection));
    return await works[given.command](given, connection, io);
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    const hide = given === undefined ? (text: string) => text : redactor(given.address);
    const message = plainly(hide(error instanceof Error ? error.message : String(error)));
    if (error instanceof UsageError) {
      io.err(`trpc-cached: ${message}\nSee npx trpc-cached --help.\n`);
      return 2;
    }
    if (connection === undefined && given?.command === 'doctor' && given.json) {
      const finding = { check: 'reachable', level: 'error', message };
      const { address, namespace } = given;
      io.out(`${JSON.stringify({ store: placeOf(address), namespace, ok: false, findings: [finding] }, null, 2)}\n`);
    }
    const where = given === undefined ? '' : ` (${placeOf(given.address)})`;
    io.err(`trpc-cached: ${message}${where}\n`);
    return 1;
  } finally {
    connection?.close();
  }
}

/** Also what was not understood, and so may be an address in a wrong place, is shown without a password. */
function masking(argv: readonly string[], io: Io): Io {
  const mask = masker([...argv, io.env.REDIS_URL ?? '', io.env.UPSTASH_REDIS_REST_URL ?? '']);
  return {
    ...io,
    out: (text) => io.out(mask(text)),
    err: (text) => io.err(mask(text)),
    ask: (question) => io.ask(mask(question)),
  };
}
