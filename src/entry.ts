// Docs: docs/how-it-works.md#entries
import { type Codec, type Encoded, wireText, wireValue } from './codec.ts';
import { replay } from './collect.ts';
import { checksum, digestLater } from './digest.ts';
import { isExpiredOnly } from './epochs.ts';
import type { Outline } from './outline.ts';
import { copy, deepFreeze, isSame, type Shape, shapeOf } from './value.ts';

/** One stored answer with everything that decides whether it may be served. Never holds ctx, headers or cookies. */
export interface Entry {
  /** Its own key: checked on read, because a client can hand out the wrong value (law 6). */
  readonly key: string;
  /** Every epoch it was filled under … */
  readonly epochs: readonly string[];
  /** … and their ids as the lookup read them, before the procedure ran. */
  readonly ids: readonly string[];
  /** When the procedure had finished, in milliseconds of the wall clock. */
  readonly storedAt: number;
  /** When it stops being fresh, in milliseconds of the wall clock. */
  readonly freshUntil: number;
  /** Until when it may be served expired while a revalidation runs behind (RFC 5861 section 3). */
  readonly staleUntil?: number;
  /** Until when it may be served expired in place of a failure (RFC 5861 section 4). */
  readonly errorUntil?: number;
  /** How long the procedure took, in milliseconds, where early revalidation has to know (XFetch). */
  readonly ranMs?: number;
  /** Tells this fill from any other of the same key, where processes keep copies of it. */
  readonly id?: string;
  /** The encoded output; of a failure an empty one. */
  readonly body: Encoded;
  /** The body is a stream that was collected. */
  readonly stream?: true;
  /** The root of the output, where it is simple: with it, the output can be handed on without being decoded. */
  readonly outline?: Outline;
  /** Tells a body and an outline that are whole from damaged ones, without reading them. */
  readonly sum?: number;
  /** A failure that was asked to be remembered (`errors`), in place of an output. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** The content tag of the body as sent, where it was known when the entry was stored. */
  readonly tag?: string;
}

/** What a process learned of an entry it holds: the decoded output, its shape, its wire form, its tag. */
interface Memo {
  value?: { readonly master: unknown };
  shape?: Shape;
  /** This process wrote its body. */
  isOwn?: true;
  isWhole?: boolean;
  /** Read so far without knowing its shape, or because it has none that could be copied. */
  decoded?: 'once' | 'odd';
  wire?: { readonly value: unknown };
  tag?: string | Promise<string>;
  bytes?: Uint8Array;
  /** Epochs of tags that its resolver added, before they are written into it. */
  learned?: readonly string[];
  /** It was made from what had been invalidated by the time it was made. */
  outdated?: boolean;
}

const memos = new WeakMap<Entry, Memo>();

function memoOf(entry: Entry): Memo {
  let memo = memos.get(entry);
  if (memo === undefined) memos.set(entry, (memo = {}));
  return memo;
}

/** The same entry with more epochs, a tag or an id; what is known of its body stays known. */
export function amended(entry: Entry, changes: Partial<Pick<Entry, 'epochs' | 'ids' | 'tag' | 'id' | 'sum'>>): Entry {
  const changed = { ...entry, ...changes };
  memos.set(changed, memoOf(entry));
  return changed;
}

/** Notes the shape that the encoder saw, so that a hit may copy instead of decoding. */
export function noteShape(entry: Entry, shape: Shape): void {
  Object.assign(memoOf(entry), { shape, isOwn: true });
}

/** Notes the epochs of tags that the run added: its own caller, too, is told what the answer depends on. */
export function noteLearned(entry: Entry, epochs: readonly string[]): void {
  if (epochs.length > 0) memoOf(entry).learned = epochs;
}

/** Every epoch that an answer depends on, learned ones included. */
export function dependsOn(entry: Entry): readonly string[] {
  const { learned = [] } = memoOf(entry);
  return learned.length === 0 ? entry.epochs : [...entry.epochs, ...learned];
}

/** Notes that the store refused the entry, because an epoch of it had moved on. */
export function noteOutdated(entry: Entry): void {
  memoOf(entry).outdated = true;
}

/** Whether it is known that the entry is older than an invalidation. */
export const isOutdated = (entry: Entry): boolean => memoOf(entry).outdated === true;

/** How an output is handed out: as a copy of the caller's own, or as one sealed object where sealing is complete. */
export type Share = 'copy' | 'frozen';

/** The output of an entry as its caller may keep it. */
export function outputOf(entry: Entry, codec: Codec, share: Share): unknown {
  if (entry.stream === true) return replay(entry.body.text, codec, share);
  const memo = memoOf(entry);
  if (memo.value === undefined) {
    const output = codec.decode(entry.body);
    if (!isCopyable(memo, output)) return output;
    memo.value = { master: output };
  }
  if (share === 'frozen' && memo.shape === 'tree') return deepFreeze(memo.value.master);
  return copy(memo.value.master);
}

/**
 * Whether what was decoded may be kept for copies. Of an entry from elsewhere that is found out on the second read: a store
 * that keeps texts gives another entry each time, and what is read once is worth neither a look nor a copy.
 */
function isCopyable(memo: Memo, output: unknown): boolean {
  if (memo.shape === undefined) {
    if (memo.decoded !== 'once') {
      memo.decoded ??= 'once';
      return false;
    }
    try {
      memo.shape = shapeOf(output, () => true);
    } catch {
      memo.decoded = 'odd';
      return false;
    }
  }
  return memo.shape !== 'rich';
}

/**
 * Tells, later, whether an output that is handed out now still is what the entry holds: whoever gets it may change it, and
 * must not be answered with what was changed away.
 */
export function watch(entry: Entry, output: unknown, codec: Codec): () => boolean {
  const { shape = shapeOf(output, () => true), value } = memoOf(entry);
  if (shape === 'rich') return () => codec.encode(output).encoded.text === entry.body.text;
  if (value !== undefined && Object.is(value.master, output)) return () => true; // sealed
  const pristine = value === undefined ? copy(output) : value.master;
  return () => isSame(pristine, output);
}

/** Whether what a response needs of the body is known to be JSON: this process wrote it or read it, or it is whole. */
export function isReadable(entry: Entry): boolean {
  const memo = memoOf(entry);
  if (memo.isOwn === true || memo.wire !== undefined) return true;
  memo.isWhole ??= entry.sum !== undefined && entry.sum === sumOf(entry);
  return memo.isWhole;
}

/** The sum of a body and its outline. */
export const sumOf = ({ body, outline }: Entry): number =>
  checksum([body.text, body.plain ?? '', JSON.stringify(outline) ?? '']);

/** What `JSON.stringify` needs to write the output as the router would: shared, so nobody may see it. */
export function wireOf(entry: Entry): unknown {
  const memo = memoOf(entry);
  memo.wire ??= { value: wireValue(entry.body) };
  return memo.wire.value;
}

/** The body as it goes over the wire, in bytes: encoded once for all who are sent it. */
export function wireBytesOf(entry: Entry): Uint8Array {
  const memo = memoOf(entry);
  memo.bytes ??= utf8.encode(wireText(entry.body));
  return memo.bytes;
}

const utf8 = new TextEncoder();

/** The content tag of an entry: a collision-resistant hash of the encoded output, never of the key. */
export function tagOf(entry: Entry): string | Promise<string> {
  if (entry.tag !== undefined) return entry.tag;
  const memo = memoOf(entry);
  memo.tag ??= digestLater(wireText(entry.body));
  return memo.tag;
}

/** What a lookup asks about an entry. */
export interface Claim {
  readonly key: string;
  /** Epochs that the entry must have been filled under. */
  readonly required: readonly string[];
  readonly now: number;
}

/** The part of an entry that decides whether it may be served. */
export type Stamped = Pick<Entry, 'key' | 'epochs' | 'ids' | 'storedAt' | 'freshUntil'>;

/** Fresh, expired (by time, or because one of its epochs was expired), or of no use to anybody. */
export type Standing = 'fresh' | 'expired' | 'gone';

/**
 * How an entry stands: gone unless it is what was asked for, was filled under every epoch the asker depends on, and each of
 * its epochs still exists and was not moved on (`own` are their ids now). One from the future is gone, too.
 */
export function standingOf(entry: Stamped, own: readonly (string | undefined)[], claim: Claim): Standing {
  if (entry.key !== claim.key || entry.ids.length !== entry.epochs.length) return 'gone';
  if (entry.storedAt > claim.now) return 'gone';
  let expired = entry.freshUntil <= claim.now;
  for (let index = 0; index < entry.ids.length; index++) {
    const now = own[index];
    const then = entry.ids[index] as string;
    if (now === then) continue;
    if (now === undefined || !isExpiredOnly(then, now)) return 'gone';
    expired = true;
  }
  const { required } = claim;
  // Mostly they stand at the same places.
  for (let index = 0; index < required.length; index++) {
    const name = required[index] as string;
    if (entry.epochs[index] !== name && !entry.epochs.includes(name)) return 'gone';
  }
  return expired ? 'expired' : 'fresh';
}

/** The size of an entry in a process, estimated generously: its texts, and the objects that the body becomes. */
export function heldBytesOf({ key, epochs, body, failure }: Entry): number {
  const texts = [key, ...epochs, failure?.message ?? ''];
  const outer = texts.reduce((sum, text) => sum + 64 + 2 * text.length, 512);
  return outer + heldBytes(body.text) + heldBytes(body.plain ?? '');
}

const [comma, brace, bracket] = [44, 123, 91];

/**
 * A JSON text with its decoded and its wire form: a character is there three times, in four bytes, or six where it is not
 * Latin; a member takes 32 bytes more in each form, an object or array 48. Signs inside of texts count as well.
 */
function heldBytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    bytes += code > 255 ? 6 : 4;
    if (code === comma) bytes += 64;
    else if (code === brace || code === bracket) bytes += 96;
  }
  return bytes;
}
