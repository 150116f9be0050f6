import { redisAvailable } from '../test/support/redis.ts';
import { budgets } from './budgets.ts';
import { writePage } from './docs.ts';
import { described, environment } from './environment.ts';
import { type Options, parseOptions, UsageError, usage } from './options.ts';
import { type Part, type PartName, parts } from './parts.ts';
import { installPeers } from './peers.ts';
import { ended, forked } from './processes.ts';
import { merged, readResults, writeResults } from './results.ts';
import { measureParts, runInProcess } from './runs.ts';
import { partLines, verdictLines } from './table.ts';
import { isFailure, verdicts } from './verdict.ts';

const print = (lines: readonly string[]) => void process.stdout.write(`${lines.join('\n')}\n`);
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Measures, keeps, judges and writes what was asked for; the exit code says whether all went well. */
async function main(options: Options): Promise<number> {
  if (options.simulate !== undefined) return (await ended(forked('./simulate/main.ts', options.simulate))) ?? 1;
  const measured = await measure(options);
  for (const { groups } of Object.values(measured)) print(partLines(groups));

  const former = options.json === undefined ? { parts: {} } : readResults(options.json);
  const results = merged(former, measured);
  if (options.json !== undefined && options.parts.length > 0) writeResults(options.json, results);
  if (options.docs) writePage(results);

  // Of what was measured now or, where nothing was, of all that is kept.
  const judged = options.parts.length > 0 ? { parts: measured } : results;
  const known = verdicts(budgets, judged).filter(({ budget }) => budget.part in judged.parts);
  if (known.length > 0) print(verdictLines(known));
  return options.check && known.some(isFailure) ? 1 : 0;
}

async function measure(options: Options) {
  const possible = options.parts.filter(isPossible);
  if (possible.length === 0) return {};
  if (possible.some((name) => needsOf(name) === 'peers')) await installPeers(say);
  const here = await environment();
  print(described(here));
  return measureParts({ ...options, parts: possible }, here, runInProcess, say);
}

function needsOf(name: PartName): Part['needs'] {
  return (parts[name] as Part).needs;
}

function isPossible(name: PartName): boolean {
  if (needsOf(name) !== 'redis' || redisAvailable) return true;
  say(
    `${name}: skipped, because redis-server is not installed. \`bash test/support/install.sh\` installs it or says how.`,
  );
  return false;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) print([usage]);
  else process.exitCode = await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`bench: ${error.message}`);
  process.exitCode = 2;
}
