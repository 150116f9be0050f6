import vm from 'node:vm';
import { build } from 'esbuild';
import ts from 'typescript-5.9';
import { describe, expect, it } from 'vitest';
import { files, importsOf, parse, root } from './source.ts';

/** Names that only Node has, or that a library has no business with. */
const forbidden = new Set([
  'Buffer',
  'process',
  'console',
  'require',
  'global',
  '__dirname',
  '__filename',
  'setImmediate',
]);

/** Entries of their own, which nothing else imports. */
const isForNode = (file: string) => /^(?:node|cli)\//.test(file);
const everywhere = files.filter((file) => !isForNode(file));

function* uses(node: ts.Node): Generator<string> {
  if (ts.isIdentifier(node) && forbidden.has(node.text)) {
    const { parent } = node;
    const isMember =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
      ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node);
    if (!isMember) yield node.text;
  }
  for (const child of node.getChildren()) yield* uses(child);
}

/** The app for edge runtimes as one script, and what it could not hold. */
async function bundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${root}test/package/edge-app.ts`],
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    globalName: 'app',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return { code: outputFiles[0]?.text ?? '', outside };
}

/** A context that has Web APIs and nothing else. Random, clock and timers are refused until `start` is called. */
function edge() {
  let started = false;
  const guarded =
    <Args extends unknown[], R>(name: string, work: (...args: Args) => R) =>
    (...args: Args): R => {
      if (!started) throw new Error(`${name} at module scope`);
      return work(...args);
    };
  const web = {
    ...{ AbortController, AbortSignal, Blob, FormData, Headers, Request, Response, URL, URLSearchParams },
    ...{ ReadableStream, TransformStream, WritableStream, TextDecoder, TextEncoder, DOMException, Event, EventTarget },
    ...{ atob, btoa, queueMicrotask, structuredClone, clearTimeout, clearInterval },
    setTimeout: guarded('setTimeout', (run: () => void, ms?: number) => setTimeout(run, ms)),
    setInterval: guarded('setInterval', (run: () => void, ms?: number) => setInterval(run, ms)),
    performance: { now: guarded('performance.now', () => performance.now()) },
    fetch: guarded('fetch', () => Promise.reject(new Error('no network'))),
    crypto: {
      subtle: crypto.subtle,
      getRandomValues: guarded('crypto.getRandomValues', (array: Uint32Array<ArrayBuffer>) =>
        crypto.getRandomValues(array),
      ),
      randomUUID: guarded('crypto.randomUUID', () => crypto.randomUUID()),
    },
    guarded,
  };
  const context = vm.createContext(web);
  vm.runInContext(
    'Date.now = guarded("Date.now", Date.now); Math.random = guarded("Math.random", Math.random)',
    context,
  );
  return {
    run: <R>(code: string): R => vm.runInContext(code, context) as R,
    start() {
      started = true;
    },
  };
}

describe('on the edge', () => {
  it('no source file but those of src/node and src/cli uses what only Node has, nor prints', () => {
    const found = everywhere.flatMap((file) => [...uses(parse(file))].map((name) => `${file}: ${name}`));
    expect(found).toEqual([]);
  });

  it('no source file but those of src/node and src/cli imports a module of Node', () => {
    const found = everywhere.flatMap((file) =>
      importsOf(file).flatMap(({ to }) => (/^node:/.test(to) ? `${file}: ${to}` : [])),
    );
    expect(found).toEqual([]);
  });

  it('the library runs with Web APIs alone, and does nothing before the first call', async () => {
    const { code, outside } = await bundle();
    expect(outside).toEqual([]);

    const { run, start } = edge();
    run(code);
    start();
    expect(await run<Promise<string[]>>('app.drive()')).toEqual([
      '200 MISS true',
      '200 HIT true',
      '304 HIT false',
      '200 MISS true',
      '200 HIT true',
    ]);
  });
});
