// A long run: npx tsx test/invariants/long.ts [sequences] [seed]. Prints what happened, and the first violation, made small.
import fc from 'fast-check';
import { play, type Tally, withWall } from './play.ts';
import { sequences } from './steps.ts';

const [count = 10_000, seed = 1] = process.argv.slice(2).map(Number);
const tally: Tally = { sequences: 0 };
const property = fc.asyncProperty(sequences, async (sequence) => {
  tally.sequences = (tally.sequences ?? 0) + 1;
  const violations = await play(sequence, tally);
  if (violations.length > 0) throw new Error(violations.join('\n'));
});
const result = await withWall(() => fc.check(property, { numRuns: count, seed }));
process.stdout.write(`${JSON.stringify({ ...tally, violations: result.failed ? 1 : 0 }, null, 1)}\n`);
if (result.failed) {
  process.stdout.write(`${fc.defaultReportMessage(result)}\n${(result.errorInstance as Error).message}\n`);
  process.exitCode = 1;
}
