#!/usr/bin/env node
// Docs: docs/cli.md
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { run } from './program.ts';

const interruption = new AbortController();
// The second Ctrl-C ends the process as it would without us.
process.once('SIGINT', () => interruption.abort());
// `trpc-cached ls | head` closes the pipe early.
process.stdout.on('error', () => interruption.abort());

const version = () => String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);

process.exitCode = await run(
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
