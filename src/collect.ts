// Docs: docs/freshness.md#streams
import { asyncIterator, inTurn, iteratorOf } from './async-iterator.ts';
import { type Codec, encodedBytes } from './codec.ts';
import { checkBound, invalid, rejectUnknown } from './errors.ts';
import type { SkipReason } from './events.ts';
import { deepFreeze, shapeOf } from './value.ts';

/** How much of an answer that is a stream is collected, to be stored. */
export interface CollectOptions {
  /** A stream of more items is not stored. @default 1_000 */
  readonly maxItems?: number;
  /** Nor is one whose encoded form is longer. @default the `maxBytes` of the query */
  readonly maxBytes?: number;
}

/** How much of a stream is collected at most. */
export type Bounds = Required<CollectOptions>;

/** Checks the option at definition; `most` is the `maxBytes` of the query. */
export function resolveCollect(given: CollectOptions | undefined, most: number, where: string): Bounds | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid(where, 'an object such as { maxItems: 1_000 }, or {}', given);
  rejectUnknown(given, ['maxItems', 'maxBytes'], where);
  const { maxItems = 1_000, maxBytes = most } = given;
  for (const [option, bound] of Object.entries({ maxItems, maxBytes })) checkBound(bound, `${where}.${option}`);
  return { maxItems, maxBytes };
}

/** How the collecting of a stream ended: with all of it as one text, or without, and why. */
export type End =
  | { readonly text: string }
  | {
      readonly skip: Extract<SkipReason, 'size' | 'unstorable' | 'error' | 'unfinished'>;
      readonly error?: unknown;
    };

/** A whole stream that was collected, in place of the output of a procedure. */
export class Collected {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What collecting a stream needs around it. */
export interface CollectParts {
  readonly codec: Codec;
  readonly share: 'copy' | 'frozen';
  readonly bounds: Bounds;
  /** Stands around each pull, as long as the stream is collected. */
  readonly pull: <T>(next: () => Promise<T>) => Promise<T>;
  /** Called once, as soon as it is known; the end of the stream waits for what it returns, its items wait for nothing. */
  readonly ended: (end: End) => unknown;
}

/** Whether an output is a stream, as tRPC tells it. */
export const isStream = (output: unknown): output is AsyncIterable<unknown> =>
  typeof output === 'object' && output !== null && Symbol.asyncIterator in output;

// Every item is a line: a JSON text has no line breaks. The last line is what the stream returned.
const asIs = ' ';
const typed = '+'; // the codec needs to know that there was another text for the wire

/**
 * A stream that is collected on its way to its caller. It is pulled only as the caller pulls, and each item is encoded before
 * it is handed on: the procedure, or the caller, may change it afterwards. Once it is not worth keeping, nothing of it is held.
 */
export function collect(
  source: AsyncIterable<unknown>,
  { codec, share, bounds, pull, ended }: CollectParts,
): AsyncGenerator<unknown> {
  let lines: string[] | undefined = [];
  let bytes = 0;
  const inner = iteratorOf(source);

  const end = (how: End) => {
    if (lines === undefined) return undefined;
    lines = undefined;
    return ended(how);
  };
  const hold = (value: unknown, mostLines: number): unknown => {
    if (lines === undefined) return value;
    try {
      const line = lineOf(value, codec);
      bytes += encodedBytes({ text: line }) + 1;
      lines.push(line);
      const own = share === 'frozen' ? readLine(line, codec, share) : value;
      if (lines.length > mostLines || bytes - 1 > bounds.maxBytes) end({ skip: 'size' });
      return own;
    } catch (error) {
      end({ skip: 'unstorable', error });
      return value;
    }
  };
  const step = async (): Promise<IteratorResult<unknown>> => {
    let result: IteratorResult<unknown>;
    try {
      result = await (lines === undefined ? inner.next() : pull(() => inner.next()));
    } catch (error) {
      end({ skip: 'error', error });
      throw error;
    }
    if (result.done !== true) return { done: false, value: hold(result.value, bounds.maxItems) };
    const value = hold(result.value, bounds.maxItems + 1);
    if (lines !== undefined) await end({ text: lines.join('\n') });
    return { done: true, value };
  };

  return asyncIterator({
    next: inTurn(step), // lines are in the order of the items
    async return(value) {
      end({ skip: 'unfinished' });
      return inner.return(value);
    },
    async throw(error) {
      end({ skip: 'unfinished' });
      return inner.throw(error);
    },
  });
}

/** Collects a stream for nobody: until its end, until it is not worth keeping, or until the signal says so. */
export function drain(
  source: AsyncIterable<unknown>,
  parts: Omit<CollectParts, 'ended'>,
  signal: AbortSignal | undefined,
): Promise<End> {
  return new Promise((resolve) => {
    let isOver = false;
    const stream = collect(source, {
      ...parts,
      ended(end) {
        isOver = true;
        signal?.removeEventListener('abort', leave);
        resolve(end);
      },
    });
    const leave = () => void stream.return(undefined).catch(() => {});
    const run = async () => {
      if (signal?.aborted === true) return leave();
      signal?.addEventListener('abort', leave);
      for (;;) {
        const { done } = await stream.next();
        if (done === true) return;
        if (isOver) return leave();
      }
    };
    run().catch(() => {}); // `ended` has heard of it
  });
}

/** The stream of a collected text: its own items each time. Throws for a text that cannot be read. */
export function replay(text: string, codec: Codec, share: 'copy' | 'frozen'): AsyncGenerator<unknown> {
  const items = itemsOf(text, codec, share);
  return play(items, items.pop());
}

/** The items of a collected text, and what the stream returned as the last one. */
export function itemsOf(text: string, codec: Codec, share: 'copy' | 'frozen'): unknown[] {
  return text.split('\n').map((line) => readLine(line, codec, share));
}

async function* play(items: readonly unknown[], returned: unknown): AsyncGenerator<unknown> {
  for (const item of items) yield item;
  return returned;
}

function lineOf(value: unknown, codec: Codec): string {
  if (value === undefined) return ''; // not every transformer takes it
  const { text, plain } = codec.encode(value).encoded;
  return `${plain === undefined ? asIs : typed}${text}`;
}

function readLine(line: string, codec: Codec, share: 'copy' | 'frozen'): unknown {
  if (line === '') return undefined;
  const text = line.slice(1);
  const value = codec.decode(line.startsWith(typed) ? { text, plain: '' } : { text });
  return share === 'frozen' && shapeOf(value, () => true) === 'tree' ? deepFreeze(value) : value;
}
