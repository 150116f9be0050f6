// A long run: npx tsx test/invariants/long-fuzz.ts [inputs] [seed]. Prints what was answered, what was wrong, and whether reading
// a header of ten times the length takes more than fifty times as long: in line it is ten, squared a hundred.
import { demandOf } from '../../src/http/demand.ts';
import { namedTag } from '../../src/http/etag.ts';
import { fillings, target } from './counted.ts';
import { fuzz, openFuzzed } from './fuzz.ts';

const [count = 100_000, seed = 1] = process.argv.slice(2).map(Number);
const { wrong, ...seen } = await fuzz(count, seed);

const shop = openFuzzed('honor');
const fields = ['if-none-match', 'cookie', 'cache-control', 'pragma', 'authorization', 'accept-language'];
const readers: Record<string, (text: string) => unknown> = {
  namedTag: (text) => namedTag(text, target, ['-gzip', '--gzip']),
  'demandOf cache-control': (text) => demandOf(text, null),
  'demandOf pragma': (text) => demandOf(null, text),
  ...Object.fromEntries(
    fields.map((field) => [
      `a request with ${field}`,
      (text: string) => shop.send(new Request('http://shop.test/trpc/lang', { headers: { [field]: text } })),
    ]),
  ),
};

/** The best of some rounds: what else runs on the machine only adds. */
async function leastOf(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const from = performance.now();
    await work();
    least = Math.min(least, performance.now() - from);
  }
  return least;
}

let worst = { reader: '', filling: '', ratio: 0, milliseconds: 0 };
for (const [reader, read] of Object.entries(readers)) {
  for (const filling of fillings) {
    const long = filling.repeat(Math.ceil(100_000 / filling.length));
    const short = long.slice(0, 10_000);
    const [least, most] = [await leastOf(() => read(short)), await leastOf(() => read(long))];
    // What takes no time has no ratio.
    const ratio = most / Math.max(0.05, least);
    if (ratio > worst.ratio) worst = { reader, filling, ratio, milliseconds: most };
  }
}
process.stdout.write(
  `${JSON.stringify({ ...seen, wrong: wrong.length, worst }, null, 1)}\n${wrong.slice(0, 3).join('\n')}\n`,
);
process.exitCode = wrong.length > 0 || worst.ratio > 50 ? 1 : 0;
