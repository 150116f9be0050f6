// npm run test:chaos -- --seconds 300 --seed 7 --kind redis --part chaos --bug advance-not-sent
import { parseArgs } from 'node:util';
import { downFor, type Way } from './down.ts';
import { startHerd } from './herd.ts';
import { faultsIn, held, report } from './report.ts';
import type { Bug } from './roles.ts';
import { runChaos, type Shown } from './run.ts';
import type { World } from './world.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '90' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kind: { type: 'string', multiple: true, default: ['redis', 'upstash'] },
    part: { type: 'string', multiple: true, default: ['chaos', 'herd', 'down'] },
    bug: { type: 'string' },
  },
});
const seed = Number(values.seed);
const kinds = values.kind as World['kind'][];
const bug = values.bug as Bug | undefined;
const say = (text: string) => void process.stdout.write(`${text}\n`);
let isHeld = true;

async function run(title: string, options: Omit<Parameters<typeof runChaos>[0], 'seed' | 'bug'>): Promise<Shown> {
  const shown = await runChaos({ ...options, seed, ...(bug !== undefined && { bug }) });
  isHeld &&= held(shown);
  say(`\n${title}\n${report(shown)}`);
  return shown;
}

async function chaos(): Promise<void> {
  const all: Shown[] = [];
  for (const kind of kinds) {
    // A request over HTTP costs many times what a command costs: more of the time is for what shows more.
    const share = kinds.length === 1 ? 1 : kind === 'redis' ? 0.7 : 0.3;
    all.push(await run(`faults by chance: ${kind}`, { kind, seconds: Number(values.seconds) * share }));
  }
  const checked = all.reduce((sum, { tally }) => sum + tally.checked, 0);
  const faults = all.reduce((sum, shown) => sum + faultsIn(shown), 0);
  say(`\n${checked} reads checked, ${faults} faults`);
}

async function herd(): Promise<void> {
  for (const kind of kinds) {
    const four = await startHerd(kind);
    try {
      say(`\n1,000 misses of one key over 4 processes: ${kind}`);
      const ways = [
        ["coalesce: 'store'", { coalesce: 'store' }, 1],
        ["coalesce: 'process'", { coalesce: 'process' }, 4],
        ["coalesce: 'store', leader killed", { coalesce: 'store', killsLeader: true }, 2],
      ] as const;
      for (const [name, how, most] of ways) {
        const { runs, answered, asked } = await four.stampede(how);
        isHeld &&= runs <= most && answered === asked;
        say(`${name.padEnd(34)}${runs} runs (at most ${most}), ${answered} of ${asked} answered`);
      }
    } finally {
      await four.close();
    }
  }
}

async function down(): Promise<void> {
  const ways: Record<World['kind'], readonly Way[]> = { redis: ['hangs', 'is gone'], upstash: ['hangs', 'refuses'] };
  for (const kind of kinds) {
    for (const way of ways[kind]) {
      await run(`down for 10 s: ${kind} ${way}`, { kind, seconds: 0, program: downFor(way, 10) });
    }
  }
}

say(`seed ${seed}`);
for (const [name, part] of Object.entries({ chaos, herd, down })) if (values.part.includes(name)) await part();
say(`\n${isHeld ? 'held' : 'BROKEN'} (seed ${seed})`);
process.exit(isHeld ? 0 : 1);
