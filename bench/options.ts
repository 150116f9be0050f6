import { parseArgs } from 'node:util';
import type { Clock } from './group.ts';
import { type PartName, partNames, parts } from './parts.ts';

/** What was asked for on the command line. */
export interface Options {
  /** In the order in which they run. */
  readonly parts: readonly PartName[];
  /** What the simulator is asked, where it is what was asked for: it has options of its own. */
  readonly simulate: readonly string[] | undefined;
  /** Parts that were named, and do all they can. */
  readonly isFull: boolean;
  readonly runs: number;
  readonly quick: boolean;
  readonly clock: Clock;
  readonly check: boolean;
  readonly docs: boolean;
  readonly help: boolean;
  /** Where figures are kept; nowhere when they are quick and no file was named. */
  readonly json: string | undefined;
}

/** A command line that cannot be understood; the message says what can. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Where figures are kept unless something else is said. */
export const kept = 'bench/results/latest.json';

const choices: readonly string[] = [...partNames, 'simulate'];

/** How it is used, for people. */
export const usage = `npm run bench -- [parts] [options]

parts (without any: all but soak)
${partNames.map((name) => `  ${name.padEnd(10)} ${parts[name].about}`).join('\n')}

npm run bench -- simulate [its options]   the simulator: --help tells what it knows

options
  --runs <n>     runs of the parts that are timed, each in a process of its own; figures are medians of them (5)
  --quick        one short run, not kept
  --saved        measures nothing: works with the figures that are kept
  --cpu          counts the time of the processor alone, for a machine that does other things too
  --check        exits with 1 if a budget is missed by more than the noise
  --json <file>  where figures are kept, those of parts that are not measured stay (${kept})
  --docs         writes docs/performance.md and its plots from that file
  --help         this`;

const definitions = {
  runs: { type: 'string' },
  quick: { type: 'boolean', default: false },
  cpu: { type: 'boolean', default: false },
  saved: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  docs: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  json: { type: 'string' },
} as const;

/** Reads the command line. */
export function parseOptions(args: readonly string[]): Options {
  if (args[0] === 'simulate') return { ...parseOptions([]), parts: [], simulate: args.slice(1) };
  const { values, positionals } = parsed(args);
  if (positionals.includes('simulate'))
    throw new UsageError('simulate is asked for alone, with options of its own: npm run bench -- simulate --help');
  const unknown = positionals.filter((name) => !choices.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`no part is named ${unknown.join(', ')}. There are: ${choices.join(', ')}.`);
  const { quick, cpu, saved, check, docs, help, json = quick ? undefined : kept } = values;
  if (saved && (positionals.length > 0 || quick || cpu || values.runs !== undefined))
    throw new UsageError('--saved measures nothing: it goes with --check, --docs and --json alone.');
  if (saved && !check && !docs) throw new UsageError('--saved needs --check or --docs: it does nothing by itself.');
  if (docs && json === undefined)
    throw new UsageError('--docs is written from figures that are kept, and quick ones are not. Add --json <file>.');
  const runs = Number(values.runs ?? (quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1)
    throw new UsageError(`--runs: expected a whole number above zero, received ${values.runs}.`);
  const isNamed = positionals.length > 0;
  return {
    parts: saved ? [] : partNames.filter((name) => (isNamed ? positionals.includes(name) : parts[name].isUsual)),
    simulate: undefined,
    isFull: isNamed && !quick,
    runs,
    quick,
    clock: cpu ? 'cpu' : 'wall',
    check,
    docs,
    help,
    json,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: definitions, allowPositionals: true });
  } catch (error) {
    const known = Object.keys(definitions).map((name) => `--${name}`);
    throw new UsageError(`${(error as Error).message.split('. ')[0]}. There are: ${known.join(', ')}.`);
  }
}
