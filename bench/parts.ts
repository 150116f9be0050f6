import type { Group, Settings } from './group.ts';

/** A part of the benchmark, by the name it is asked for. */
export interface Part {
  readonly about: string;
  /** Figures that change from run to run are measured in several; counts and sizes in one. */
  readonly isTimed: boolean;
  /** Whether it is measured when nothing is named. */
  readonly isUsual: boolean;
  /** What it needs beside the project's own packages. */
  readonly needs?: 'redis' | 'peers';
  readonly load: () => Promise<(settings: Settings) => Promise<readonly Group[]>>;
}

/** Every part that measures. Each is loaded only where it runs: in a process of its own. */
export const parts = {
  caller: {
    about: 'hits through a server-side caller, by size',
    isTimed: true,
    isUsual: true,
    load: async () => (await import('./parts/caller.ts')).caller,
  },
  http: {
    about: 'hits and 304s through the fetch adapter, by size',
    isTimed: true,
    isUsual: true,
    load: async () => (await import('./parts/http.ts')).http,
  },
  node: {
    about: 'requests per second of the node adapter, asked by autocannon',
    isTimed: true,
    isUsual: true,
    needs: 'peers',
    load: async () => (await import('./parts/node.ts')).node,
  },
  remote: {
    about: 'hits from Redis and from Upstash, tiered or not, and get and set by hand',
    isTimed: true,
    isUsual: true,
    needs: 'redis',
    load: async () => (await import('./parts/remote.ts')).remote,
  },
  peers: {
    about: 'other caches, as their READMEs say',
    isTimed: true,
    isUsual: true,
    needs: 'peers',
    load: async () => (await import('./parts/peers.ts')).peers,
  },
  miss: {
    about: 'what a miss costs more than no cache',
    isTimed: true,
    isUsual: true,
    load: async () => (await import('./parts/miss.ts')).miss,
  },
  herd: {
    about: '10,000 callers of one key at once',
    isTimed: true,
    isUsual: true,
    load: async () => (await import('./parts/herd.ts')).herd,
  },
  requests: {
    about: 'requests to the store, counted',
    isTimed: false,
    isUsual: true,
    needs: 'redis',
    load: async () => (await import('./parts/requests.ts')).requests,
  },
  size: {
    about: 'bytes of the package',
    isTimed: false,
    isUsual: true,
    load: async () => (await import('./parts/size.ts')).size,
  },
  scale: {
    about: 'hits and invalidations against how much there is; by name, up to 1,000,000 entries (minutes)',
    isTimed: false,
    isUsual: true,
    load: async () => (await import('./parts/scale.ts')).scale,
  },
  soak: {
    about: 'five minutes of mixed load, and the heap',
    isTimed: false,
    isUsual: false,
    load: async () => (await import('./parts/soak.ts')).soak,
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

/** The names of all parts that measure, in the order in which they run. */
export const partNames = Object.keys(parts) as PartName[];
