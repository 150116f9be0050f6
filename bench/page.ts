import { budgets } from './budgets.ts';
import { charts } from './charts.ts';
import { described } from './environment.ts';
import { table } from './markdown.ts';
import { limitOf, spreadOf } from './numbers.ts';
import { partNames } from './parts.ts';
import type { PartResult, Results } from './results.ts';
import { sections } from './sections.ts';
import { type Standing, verdicts } from './verdict.ts';

const intro = [
  'Every figure is measured beside its baseline: batches of all rows of a table take turns, in another order each round. A figure is the median of several runs, each in a process of its own. In brackets stands the interval that the true median is in or, in wide tables, how it compares with a baseline. The ratios (`×`) are what to look at: another machine has other times.',
  '',
  '`npm run bench -- --saved --docs` writes this page from `bench/results/latest.json`. What stands between notes is kept.',
];

const repeat = [
  '## Again',
  '',
  '```sh',
  'npm ci',
  'npm run bench                  # all but what takes minutes by itself',
  'npm run bench -- scale soak    # that: a million entries, five minutes of load',
  'npm run bench -- http --docs   # one part, and this page',
  'npm run bench -- --check       # fails where a budget is missed by more than the noise',
  'npm run bench -- --cpu         # counts the time of the processor: for a machine that does other things too',
  'npm run bench -- --quick       # a look at all of it, in a minute',
  '```',
  '',
  'The packages that it is compared with are installed into `bench/peers` when they are needed. Without `redis-server` two parts are skipped.',
];

const words: Record<Standing, string> = {
  met: 'met',
  near: 'missed, within the noise',
  missed: '**missed**',
  'not measured': 'not measured',
};

/** The page about performance. What people wrote into the former one stays. */
export function pageOf(results: Results, former = ''): string {
  const note = (name: string) => ['', `<!-- notes: ${name} -->${noteIn(former, name)}<!-- /notes -->`, ''];
  const lines = [
    '# Performance',
    '',
    ...intro,
    ...note('about'),
    '## Budgets',
    '',
    'Those of [requests to the store](#requests-to-the-store) have a table of their own.',
    '',
    ...budgetTable(results),
    ...note('budgets'),
    ...sections
      .filter(({ part }) => part in results.parts)
      .flatMap(({ part, title, plots, lines: linesOf }) => [
        `## ${title}`,
        '',
        ...plots.flatMap((plot) => plotLine(plot, results)),
        ...linesOf(results),
        ...note(part),
      ]),
    '## Simulation',
    ...note('simulation'),
    '## Where it was measured',
    '',
    ...environments(results),
    '',
    ...repeat,
  ];
  return `${lines.join('\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

/** What stands in a place for notes: a line break at both ends, however it was left. */
function noteIn(former: string, name: string): string {
  const start = `<!-- notes: ${name} -->`;
  const from = former.indexOf(start);
  const to = former.indexOf('<!-- /notes -->', from);
  const kept = from < 0 || to < 0 ? '' : former.slice(from + start.length, to).trim();
  return kept === '' ? '\n' : `\n\n${kept}\n\n`;
}

/** The plots that these figures allow, by their files. */
export const plotsOf = (results: Results): Record<string, string> =>
  Object.fromEntries(
    Object.values(charts).flatMap(({ file, draw }) => {
      const drawn = draw(results);
      return drawn === undefined ? [] : [[file, drawn]];
    }),
  );

function plotLine(plot: keyof typeof charts, results: Results): string[] {
  const { file, alt, draw } = charts[plot];
  return draw(results) === undefined ? [] : [`![${alt}](performance/${file})`, ''];
}

const budgetTable = (results: Results): string[] =>
  table([
    ['', 'limit', 'measured', ''],
    ...verdicts(budgets, results)
      .filter(({ budget }) => budget.part !== 'requests')
      .map(({ budget: { name, direction, limit, unit }, measured, standing }) => [
        name,
        `${direction} ${limitOf(limit, unit)}`,
        measured === undefined ? '' : spreadOf(measured, unit),
        words[standing],
      ]),
  ]);

/** How it was measured, where that is not the usual way. */
const mannerOf = ({ quick, clock }: PartResult): string =>
  `${quick ? ', one quick run' : ''}${clock === 'cpu' ? ', time of the processor' : ''}`;

/** Each environment once, with the parts that were measured there. */
function environments({ parts }: Results): string[] {
  const known = partNames.flatMap((name) => {
    const result = parts[name];
    return result === undefined ? [] : [[name, result] as const];
  });
  const byPlace = new Map<string, { result: PartResult; names: string[] }>();
  for (const [name, result] of known) {
    const { load: _, commit, ...place } = result.environment;
    const key = JSON.stringify([place, commit, result.measured, result.quick, result.clock]);
    const found = byPlace.get(key);
    if (found === undefined) byPlace.set(key, { result, names: [name] });
    else found.names.push(name);
  }
  return [...byPlace.values()].flatMap(({ result, names }) => [
    `${names.map((name) => `\`${name}\``).join(', ')}: ${result.measured}${mannerOf(result)}`,
    '',
    ...described(result.environment).map((line) => `- ${line}`),
    '',
  ]);
}
