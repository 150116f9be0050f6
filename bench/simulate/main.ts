import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Deployment, deployments, type Row, runAll, type Scenario, scenarios } from './scenarios.ts';
import { linesOf } from './table.ts';

export { runAll, scenarios };

const help = `Simulates the cache at the edge, for traffic of published shapes.

  node --import tsx bench/simulate/main.ts [options]

  --workload <name>        only this one
  --configuration <name>   only this one
  --isolates <number>      only so many; with --rate and --seconds another deployment
  --rate <number>          reads in a second, of all isolates together
  --seconds <number>       how long is measured
  --keys <number>          how many keys there are, whatever the workload says
  --writes <number>        writes for each read, likewise
  --seed <number>          of all that is left to chance
  --json                   rows as JSON, in place of tables`;

/** The scenarios that arguments ask for. */
function chosen(args: readonly string[]): { readonly list: readonly Scenario[]; readonly json: boolean } | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: text,
      configuration: text,
      isolates: text,
      rate: text,
      seconds: text,
      keys: text,
      writes: text,
      seed: text,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { workload, configuration } = values;
  const [isolates, rate, measured] = [values.isolates, values.rate, values.seconds].map(numberOf);
  const known = deployments.filter((one) => isolates === undefined || one.isolates === isolates);
  const base = known[0] ?? (deployments.at(-1) as Deployment);
  const another = (one: Deployment): Deployment => ({
    ...one,
    isolates: isolates ?? one.isolates,
    readsPerSecond: rate ?? one.readsPerSecond,
    seconds: measured ?? one.seconds,
  });
  const all = scenarios({
    deployments: (known.length > 0 ? known : [base]).map(another),
    seed: numberOf(values.seed) ?? 1,
  });
  const [keys, writesPerRead] = [numberOf(values.keys), numberOf(values.writes)];
  const changes = { ...(keys !== undefined && { keys }), ...(writesPerRead !== undefined && { writesPerRead }) };
  const list = all
    .filter((one) => workload === undefined || one.workload.name === workload)
    .filter((one) => configuration === undefined || one.configuration === configuration)
    .map((one) => ({ ...one, workload: { ...one.workload, ...changes } }));
  return { list, json: values.json };
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number >= 0)) throw new Error(`expected a number, received ${text}`);
  return number;
}

/** Runs what the arguments ask for, prints it, and gives back the rows. */
export function run(args: readonly string[], print: (line: string) => void = console.log): Row[] {
  const asked = chosen(args);
  if (asked === undefined) {
    print(help);
    return [];
  }
  let last = '';
  const rows = runAll(asked.list, (row) => {
    const group = `${row.workload} ${row.isolates}`;
    if (!asked.json) for (const line of linesOf(row, group !== last)) print(line);
    last = group;
  });
  if (asked.json) print(JSON.stringify(rows, undefined, 2));
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.slice(2));
