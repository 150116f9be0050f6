import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Variant } from './settings.ts';

/** A runtime, and how it is used: a row of the table. */
export interface Row {
  /** What it is called, without its version. */
  readonly name: string;
  readonly detail: string;
  readonly kind: 'workerd' | 'node' | 'bun' | 'deno' | 'edge';
  /** Its program; `undefined` where it is not installed. */
  readonly program: string | undefined;
  /** Whether the cache is given a `waitUntil`. */
  readonly keepsWork: boolean;
  /** The variants that `npm test` looks at; without it, all. */
  readonly usual?: readonly Variant[];
  /** Of workerd. */
  readonly date?: string;
}

/** Whether what runs behind a response goes on. */
export const runsBehind = ({ keepsWork, kind }: Row): boolean => keepsWork || kind !== 'workerd';

const parts = fileURLToPath(new URL('../parts/', import.meta.url));
const installed = (path: string) => (existsSync(`${parts}${path}`) ? `${parts}${path}` : undefined);
const architecture = process.arch === 'arm64' ? 'arm64' : '64';
const workerd = installed(`workerd/node_modules/@cloudflare/workerd-${process.platform}-${architecture}/bin/workerd`);
const onNode = { detail: '`node:http`, standalone adapter too', kind: 'node', keepsWork: false } as const;

/** The newest compatibility date that the workerd of `test/parts` knows is the day of its release. */
const newest = (() => {
  const manifest = JSON.parse(readFileSync(`${parts}workerd/package.json`, 'utf8'));
  const version: string = manifest.optionalDependencies['@cloudflare/workerd-linux-64'];
  return version.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3');
})();

/** Where Vercel's edge-runtime is imported from. */
export const edgeModule = installed('runtimes/node_modules/edge-runtime/dist/index.js');

const onWorkerd = (date: string, keepsWork: boolean): Row => ({
  name: 'workerd',
  detail: `compatibility date ${date}, ${keepsWork ? 'with' : 'without'} \`waitUntil\``,
  kind: 'workerd',
  program: workerd,
  keepsWork,
  date,
});

/** What `npm test` runs. */
export const usualRows: readonly Row[] = [
  { ...onWorkerd('2026-04-20', true), usual: ['plain', 'tiered'] },
  { ...onWorkerd('2026-04-20', false), usual: ['wrapped', 'memory', 'tiered'] },
  onWorkerd(newest, true),
  { ...onWorkerd(newest, false), usual: ['plain', 'tiered'] },
  { name: 'Node', program: process.execPath, ...onNode, usual: ['plain'] },
];

/** What `npm run test:runtimes` runs beside these. */
export const otherRows: readonly Row[] = [
  // Of such a date, a promise of a request that has ended stays pending for ever; of later ones it rejects.
  onWorkerd('2024-09-23', false),
  ...[22, 24, 26].map((major) => ({
    name: 'Node',
    program: installed(`runtimes/node_modules/node-${major}/bin/node`),
    ...onNode,
  })),
  {
    name: 'Bun',
    detail: '`Bun.serve`',
    kind: 'bun',
    program: installed('runtimes/node_modules/@oven/bun-linux-x64/bin/bun'),
    keepsWork: false,
  },
  {
    name: 'Deno',
    detail: '`Deno.serve`',
    kind: 'deno',
    program: installed('runtimes/node_modules/@deno/linux-x64-glibc/deno'),
    keepsWork: false,
  },
  {
    name: 'edge-runtime',
    detail: 'Vercel, with `waitUntil`',
    kind: 'edge',
    program: edgeModule && process.execPath,
    keepsWork: true,
  },
];
