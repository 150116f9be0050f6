import type { Group, Measured, Settings } from '../group.ts';
import { inOrder } from '../measure.ts';
import type { Listening } from '../node-server.ts';
import { peerModule } from '../peers.ts';
import { started } from '../processes.ts';

interface Load {
  readonly url: string;
  readonly connections: number;
  readonly duration: number;
  readonly sampleInt: number;
  readonly headers?: Record<string, string>;
}

interface Counted {
  readonly duration: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly '2xx': number;
  readonly '3xx': number;
  readonly non2xx: number;
}

type Autocannon = (load: Load) => Promise<Counted>;

interface Target {
  readonly name: string;
  readonly url: string;
  readonly etag?: string;
}

/** Requests per second of the node adapter, asked by autocannon from another process than the one that serves. */
export async function node({ quick, run }: Settings): Promise<Group[]> {
  const { default: autocannon } = await peerModule<{ default: Autocannon }>('autocannon');
  const server = await started<Listening[]>('./node-server.ts');
  const ask = async ({ name, url, etag }: Target, duration: number): Promise<number> => {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    const counted = await autocannon({ url, connections: 10, duration, headers, sampleInt: 50 });
    const answers = etag === undefined ? counted['2xx'] : counted['3xx'];
    const others = counted['2xx'] + counted.non2xx - answers;
    if (counted.errors + counted.timeouts + others > 0 || answers === 0)
      throw new Error(`${name}: ${answers} answers as expected, ${others} others, ${counted.errors} errors`);
    return answers / counted.duration;
  };
  try {
    const groups: Group[] = [];
    for (const site of server.message)
      groups.push(await groupOf(site, run, (target, share) => ask(target, share * (quick ? 0.3 : 0.6))));
    return groups;
  } finally {
    await server.stop();
  }
}

async function groupOf(
  { name, url, bareUrl, etag }: Listening,
  run: number,
  ask: (target: Target, share: number) => Promise<number>,
): Promise<Group> {
  const targets: Target[] = [
    { name: 'not cached', url: `${url}/plain` },
    { name: 'node:http alone', url: bareUrl },
    { name: 'hit', url: `${url}/cached` },
    { name: '304', url: `${url}/cached`, etag },
  ];
  const rounds = new Map<string, number[]>(targets.map((target) => [target.name, []]));
  for (const target of targets) await ask(target, 0.25);
  for (const target of inOrder(targets, run)) rounds.get(target.name)?.push(await ask(target, 1));
  const measured = ({ name: subject }: Target): Measured => ({
    name: subject,
    ...(subject !== 'not cached' && subject !== 'node:http alone' && { against: ['not cached', 'node:http alone'] }),
    rounds: rounds.get(subject) ?? [],
  });
  return {
    name: `node adapter, ${name}, superjson`,
    unit: 'requests/s',
    compare: 'ratio',
    subjects: targets.map(measured),
  };
}
