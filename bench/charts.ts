import { shown } from './numbers.ts';
import { type Bar, barChart, type Line, lineChart } from './plots.ts';
import { figureIn, groupIn, type Results } from './results.ts';
import type { Summary } from './summary.ts';

/** A plot of `docs/performance/`: nothing where its figures were not measured. */
export interface Chart {
  readonly file: string;
  readonly alt: string;
  readonly draw: (results: Results) => string | undefined;
}

/** Microseconds as people say them. */
const duration = (micros: number): string => {
  if (micros >= 1_000_000) return `${shown(micros / 1_000_000)} s`;
  return micros >= 1_000 ? `${shown(micros / 1_000)} ms` : `${shown(micros)} µs`;
};

const whole = (value: number): string => value.toLocaleString('en');
const bytes = (value: number): string => {
  if (value >= 1_000_000) return `${whole(value / 1_000_000)} MB`;
  return value >= 1_000 ? `${whole(value / 1_000)} kB` : `${whole(value)} B`;
};

const barsOf = (group: Summary, kindOf: (name: string) => Bar['kind']): Bar[] =>
  group.figures.map(({ name, median, low, high }) => ({ name, value: median, low, high, kind: kindOf(name) }));

const lineOf = (name: string, points: readonly { readonly x?: number; readonly median: number }[]): Line => ({
  name,
  points: points.flatMap(({ x, median }) => (x === undefined ? [] : [{ x, y: median }])),
});

/** A line of the same subject in the groups of many sizes. */
function acrossGroups(
  results: Results,
  part: string,
  groups: readonly string[],
  subject: string,
  name = subject,
): Line {
  return lineOf(
    name,
    groups.flatMap((group) => figureIn(groupIn(results, part, group), subject) ?? []),
  );
}

const drawLines = (labels: Parameters<typeof lineChart>[0], lines: readonly Line[]): string | undefined => {
  const drawable = lines.filter(({ points }) => points.length > 1);
  return drawable.length === 0 ? undefined : lineChart(labels, drawable);
};

const sizeNames = ['100 B', '1 kB', '10 kB', '117 kB', '1 MB'];
const kindOf = (name: string): Bar['kind'] => (/^(hit|304|trpc-cached)/.test(name) ? 'ours' : 'other');

/** A hit of each cache; what hands out its own object to everybody stands back. */
function peersChart(results: Results, size: string): string | undefined {
  const group = groupIn(results, 'peers', `peers, ${size}, bare`);
  if (group === undefined) return undefined;
  const isolation = groupIn(results, 'peers', 'peers, callers are isolated');
  const kind = (name: string): Bar['kind'] => {
    if (name.startsWith('trpc-cached')) return 'ours';
    return figureIn(isolation, name)?.median === 0 ? 'weak' : 'other';
  };
  return barChart(
    {
      title: `A hit of ${size}, from memory`,
      subtitle: 'Time per call, logarithmic: shorter is faster',
      format: duration,
    },
    barsOf(group, kind),
    [
      ['ours', 'this package'],
      ['other', 'isolates callers'],
      ['weak', 'shares one object'],
    ],
  );
}

/** Every plot of the page. */
export const charts = {
  caller: {
    file: 'caller.svg',
    alt: 'Time of a hit through a caller against the size of the answer',
    draw(results) {
      const groups = sizeNames.map((name) => `caller, ${name}`);
      const frozen = groupIn(results, 'caller', "caller, share: 'frozen'");
      return drawLines(
        {
          title: 'A hit through a server-side caller',
          subtitle: 'Time per call against the size of the answer, both logarithmic',
          format: duration,
          formatX: bytes,
          xName: 'size of the answer',
        },
        [
          acrossGroups(results, 'caller', groups, 'hit'),
          lineOf("hit, share: 'frozen'", frozen?.figures ?? []),
          acrossGroups(results, 'caller', groups, 'clone by hand'),
          acrossGroups(results, 'caller', groups, 'structuredClone'),
          acrossGroups(results, 'caller', groups, 'not cached', 'not cached, no work'),
        ],
      );
    },
  },
  http: {
    file: 'http.svg',
    alt: 'Time of a request of 117 kB through the fetch adapter',
    draw(results) {
      const group = groupIn(results, 'http', 'HTTP, 117 kB, superjson');
      const labels = {
        title: 'A request of 117 kB through the fetch adapter, superjson',
        subtitle: 'Time per request, logarithmic: shorter is faster. The procedure itself does no work',
        format: duration,
      };
      return group && barChart(labels, barsOf(group, kindOf));
    },
  },
  remote: {
    file: 'remote.svg',
    alt: 'Time of a request of 117 kB that is answered from Redis',
    draw(results) {
      const group = groupIn(results, 'remote', 'remote HTTP, 117 kB');
      const labels = {
        title: 'A request of 117 kB through the fetch adapter, kept in Redis',
        subtitle: 'Time per request, logarithmic: shorter is faster. Redis and gateway on the same machine',
        format: duration,
      };
      return (
        group &&
        barChart(
          labels,
          barsOf(group, (name) => (name.startsWith('get and set') ? 'other' : 'ours')),
        )
      );
    },
  },
  peersSmall: {
    file: 'peers-100b.svg',
    alt: 'Time of a hit of 100 B in several caches',
    draw: (results) => peersChart(results, '100 B'),
  },
  peersLarge: {
    file: 'peers-117kb.svg',
    alt: 'Time of a hit of 117 kB in several caches',
    draw: (results) => peersChart(results, '117 kB'),
  },
  entries: {
    file: 'scale-entries.svg',
    alt: 'Time of a hit and of an invalidation against the number of entries',
    draw(results) {
      const ofEntries = (what: string, name: string) =>
        lineOf(name, groupIn(results, 'scale', `scale, entries: ${what}`)?.figures ?? []);
      return drawLines(
        {
          title: 'How much there is: entries',
          subtitle: 'Time per call against the number of entries, both logarithmic',
          format: duration,
          formatX: whole,
          xName: 'entries in the store',
        },
        [
          ofEntries('hit', 'hit'),
          ofEntries('invalidation of one input', 'invalidation of one'),
          ofEntries('invalidation of all', 'invalidation of all'),
        ],
      );
    },
  },
  shape: {
    file: 'scale-shape.svg',
    alt: 'Time of a hit and of an invalidation against the numbers of procedures, tags and routers',
    draw(results) {
      const of = (what: string) => lineOf(what, groupIn(results, 'scale', `scale, ${what}`)?.figures ?? []);
      return drawLines(
        {
          title: 'How much there is: procedures, tags, routers',
          subtitle: 'Time per call against the number of each, both logarithmic',
          format: duration,
          formatX: whole,
          xName: 'how many',
        },
        [
          { ...of('procedures: hit'), name: 'hit: procedures' },
          { ...of('procedures: invalidation of a router'), name: "'r0.*': procedures" },
          { ...of('tags of an entry: hit'), name: 'hit: tags of the entry' },
          { ...of('routers above a procedure: hit'), name: 'hit: routers above' },
        ],
      );
    },
  },
} as const satisfies Record<string, Chart>;
