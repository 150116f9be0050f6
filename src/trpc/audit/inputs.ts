// Docs: docs/errors.md#audit
import { late } from '../../deadline.ts';
import { canonical } from '../../key.ts';
import { parseInput } from '../registry.ts';
import { warning } from './finding.ts';
import type { Rule, Subject } from './survey.ts';

/** A parser of one value, as zod has it: of an object each member can be tried alone. */
interface ShapedParser {
  readonly shape?: Record<string, ShapedParser>;
  readonly safeParse?: (value: unknown) => { readonly success: boolean; readonly data?: unknown };
}

const deepest = 4;

/** The default of each member, by its place, as far as it can be told without a whole input. */
function defaultsOf(parser: ShapedParser, place: string, depth = 0): Map<string, string> {
  const found = new Map<string, string>();
  try {
    for (const [name, member] of Object.entries(parser?.shape ?? {})) {
      const at = place === '' ? name : `${place}.${name}`;
      if (typeof member?.safeParse === 'function') {
        const result = member.safeParse(undefined);
        if (result.success && result.data !== undefined) found.set(at, canonical(result.data));
      }
      if (depth < deepest) for (const one of defaultsOf(member, at, depth + 1)) found.set(...one);
    }
  } catch {
    // One that must be awaited, or that has no text: nothing is told of it.
  }
  return found;
}

/** Waits for the clock to move, without a timer, and not for ever: a test may have stopped it. */
function tick(): void {
  const before = Date.now();
  for (let tries = 0; Date.now() === before && tries < 200_000; tries++);
}

const deadlineMs = 1_000;

/** An input as the parsers give it, or `late`. The timer keeps the process alive: somebody waits for what is found. */
export function parsedInTime(subject: Subject, raw: unknown, end?: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, deadlineMs, late);
    parseInput(subject.procedure, raw, end)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

const parsed = (subject: Subject, raw: unknown, end: number): Promise<string | typeof late | undefined> =>
  parsedInTime(subject, raw, end)
    .then((input) => (input === late ? late : canonical(input)))
    .catch(() => undefined);

/** An input that the parsers make another one each time has another key each time. */
const unstableInput: Rule = async function* (subject) {
  const { path, cached, policy, procedure } = subject;
  if (cached === undefined || policy === undefined || policy.key !== undefined) return;
  const parsers = (procedure._def as { inputs?: ShapedParser[] }).inputs ?? [];
  if (parsers.length === 0) return;
  const read = async () => {
    const members = parsers.map((parser) => defaultsOf(parser, ''));
    return { members, whole: await Promise.all([undefined, {}].map((raw) => parsed(subject, raw, cached.index))) };
  };
  const before = await read();
  if (before.whole.includes(late)) {
    yield warning(
      'parser-hangs',
      `The parsers of ${path} did not answer undefined or {} within ${deadlineMs / 1_000} s: a call may wait as long, and whether its key is always the same is not known. Give what they ask a deadline.`,
    );
    return;
  }
  tick();
  const after = await read();
  const member = before.members
    .flatMap((names, index) => [...names].filter(([name, text]) => after.members[index]?.get(name) !== text))
    .map(([name]) => name)[0];
  if (cached.around.parsersBehind) return; // keyed by the raw input
  const isWhole = before.whole.some((text, index) => text !== after.whole[index]);
  if (member === undefined && !isWhole) return;
  const what = member === undefined ? 'its input' : `input ${member}`;
  yield warning(
    'unstable-input',
    `The parsers of ${path} give ${what} another value each time (a clock or random as default), which is another key each time: it is never hit. Take that value in the resolver.`,
  );
};

/** What makes two inputs one. */
export const inputRules: readonly Rule[] = [unstableInput];
