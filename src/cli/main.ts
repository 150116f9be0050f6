#!/usr/bin/env node
// Docs: docs/cli.md
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { run } from './program.ts';

const interruption = new AbortController();
// The second Ctrl-C ends the process as it would without us.
process.once('SIGINT', () => interruption.abort());

let isLost = false;
/** A pipe that was closed early is no failure; a disk that is full is one. */
const watch = (stream: NodeJS.WriteStream, onClosed: () => void) =>
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return onClosed();
    isLost = true;
    process.exitCode = 1;
    if (stream === process.stdout) process.stderr.write(`trpc-cached: The output was lost: ${message}\n`);
  });
watch(process.stdout, () => interruption.abort()); // `trpc-cached ls | head`
watch(process.stderr, () => {}); // results are on stdout

const version = () => String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);

const exitCode = await run(
  process.argv.slice(2),
  {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isWatched: process.stderr.isTTY === true,
    async ask(question) {
      if (!process.stdin.isTTY) return undefined;
      const asking = createInterface({ input: process.stdin, output: process.stderr });
      const over = new AbortController();
      asking.once('SIGINT', () => interruption.abort());
      asking.once('close', () => over.abort()); // Ctrl-D: the question would wait for ever
      try {
        const signal = AbortSignal.any([interruption.signal, over.signal]);
        return await asking.question(question, { signal });
      } catch {
        return '';
      } finally {
        asking.close();
      }
    },
    env: process.env,
    signal: interruption.signal,
  },
  version,
);
process.exitCode = isLost ? 1 : exitCode;
