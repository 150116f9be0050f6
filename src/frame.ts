// Docs: docs/how-it-works.md#entries
import type { Encoded } from './codec.ts';
import type { Entry } from './entry.ts';
import { isOutline } from './outline.ts';

// A store that keeps texts gets one frame: `~`, a JSON line about the entry, the body, the plain body.
// The `~` keeps clients that parse what looks like JSON (Upstash, by default) away from it.
const mark = '~';

/** An entry as one text. */
export function writeEntry(entry: Entry): string {
  const { text, plain } = entry.body;
  const head = {
    k: entry.key,
    e: entry.epochs,
    i: entry.ids,
    s: entry.storedAt,
    f: entry.freshUntil,
    w: entry.staleUntil,
    r: entry.errorUntil,
    d: entry.ranMs,
    n: entry.id,
    x: entry.failure,
    o: entry.outline,
    c: entry.sum,
    t: entry.tag,
    // How long the bodies are: what was cut off, or emptied, is no answer.
    // Of a stream under another name: who knows of none cannot read it, and gives its items to nobody.
    [entry.stream === true ? 'a' : 'l']: text.length,
    p: plain?.length,
  };
  return `${mark}${JSON.stringify(head)}\n${text}${plain === undefined ? '' : `\n${plain}`}`;
}

/** The entry of a frame; `undefined` for anything else, because the store is an input like any other. */
export function readEntry(frame: unknown): Entry | undefined {
  if (typeof frame !== 'string' || !frame.startsWith(mark)) return undefined;
  const end = frame.indexOf('\n');
  if (end < 0) return undefined;
  try {
    const head = JSON.parse(frame.slice(1, end)) as Record<string, unknown>;
    const { k: key, e: epochs, i: ids, s: storedAt, f: freshUntil, x: failure, t: tag } = head;
    if (typeof key !== 'string' || typeof storedAt !== 'number' || typeof freshUntil !== 'number') return undefined;
    if (!isTexts(epochs) || !isTexts(ids)) return undefined;
    const isStream = head.a !== undefined;
    const body = readBody(frame.slice(end + 1), isStream ? head.a : head.l, head.p);
    return (
      body && {
        key,
        epochs,
        ids,
        storedAt,
        freshUntil,
        body,
        ...(isStream && { stream: true as const }),
        ...(typeof head.w === 'number' && { staleUntil: head.w }),
        ...(typeof head.r === 'number' && { errorUntil: head.r }),
        ...(typeof head.d === 'number' && { ranMs: head.d }),
        ...(typeof head.n === 'string' && { id: head.n }),
        ...(isOutline(head.o) && { outline: head.o }),
        ...(typeof head.c === 'number' && { sum: head.c }),
        ...(isFailure(failure) && { failure: { code: failure.code, message: failure.message } }),
        ...(typeof tag === 'string' && { tag }),
      }
    );
  } catch {
    return undefined;
  }
}

function readBody(rest: string, length: unknown, plainLength: unknown): Encoded | undefined {
  if (plainLength === undefined) return rest.length === length ? { text: rest } : undefined;
  // JSON text holds no raw line break, so the first one ends the body.
  const end = rest.indexOf('\n');
  const body = { text: rest.slice(0, end), plain: rest.slice(end + 1) };
  return end === length && body.plain.length === plainLength ? body : undefined;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isFailure = (value: unknown): value is { code: string; message: string } =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  'message' in value &&
  typeof value.code === 'string' &&
  typeof value.message === 'string';
