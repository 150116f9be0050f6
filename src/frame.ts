// Docs: docs/how-it-works.md#entries
import type { Encoded } from './codec.ts';
import type { Entry } from './entry.ts';
import { isOutline } from './outline.ts';
import type { EntryHead } from './store.ts';

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
  if (typeof frame !== 'string') return undefined;
  const end = frame.indexOf('\n');
  const read = end < 0 ? undefined : readLine(frame.slice(0, end));
  if (read === undefined) return undefined;
  const { head, line } = read;
  const body = readBody(frame.slice(end + 1), line.a ?? line.l, line.p);
  return (
    body && {
      ...head,
      body,
      ...(isOutline(line.o) && { outline: line.o }),
      ...(typeof line.c === 'number' && { sum: line.c }),
    }
  );
}

/** The first line of a frame as all of an entry but its body. */
export function readHead(line: unknown): Omit<EntryHead, 'bytes'> | undefined {
  return typeof line === 'string' ? readLine(line)?.head : undefined;
}

function readLine(
  text: string,
): { readonly head: Omit<EntryHead, 'bytes'>; readonly line: Record<string, unknown> } | undefined {
  if (!text.startsWith(mark)) return undefined;
  try {
    const line = JSON.parse(text.slice(1)) as Record<string, unknown>;
    const { k: key, e: epochs, i: ids, s: storedAt, f: freshUntil, x: failure, t: tag } = line;
    if (typeof key !== 'string' || typeof storedAt !== 'number' || typeof freshUntil !== 'number') return undefined;
    if (!isTexts(epochs) || !isTexts(ids)) return undefined;
    const head = {
      key,
      epochs,
      ids,
      storedAt,
      freshUntil,
      ...(line.a !== undefined && { stream: true as const }),
      ...(typeof line.w === 'number' && { staleUntil: line.w }),
      ...(typeof line.r === 'number' && { errorUntil: line.r }),
      ...(typeof line.d === 'number' && { ranMs: line.d }),
      ...(typeof line.n === 'string' && { id: line.n }),
      ...(isFailure(failure) && { failure: { code: failure.code, message: failure.message } }),
      ...(typeof tag === 'string' && { tag }),
    };
    return { head, line };
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
