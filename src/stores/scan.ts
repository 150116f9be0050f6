// Docs: docs/inspector.md#entries
import { readHead } from '../frame.ts';
import type { ScanAnswer, ScanRequest, Store } from '../store.ts';
import { idOf, type RunScript } from './scripted.ts';
import type { Scripts } from './scripts.ts';

/** One `SCAN`: answers as the server does, `[cursor, keys]`. */
export type ScanKeys = (cursor: string, match: string, count: number) => Promise<unknown>;

// A script holds the server up for some 5 ms by then. A page of the usual length is one script, also with a few keys more.
const headsAtOnce = 128;

type Scan = (request: ScanRequest) => Promise<ScanAnswer>;

/**
 * Lists the entries of a server in two trips a page, or a few for a long one: `SCAN`, which never holds the server up as `KEYS`
 * does, and a script that reads heads alone. `tag` is the hash tag that keys begin with.
 */
export function scanOf(name: string, { heads }: Scripts, run: RunScript, scanKeys: ScanKeys, tag = ''): Scan {
  const unreadable = () => new Error(`${name}: the client answered with something else than a page of keys`);
  return async ({ prefix, part = '', cursor = '0', limit }) => {
    // What follows the prefix of an epoch is an `e`.
    const match = `${literally(tag + prefix)}[^e]*${part === '' ? '' : `${literally(part)}*`}`;
    const answer = await scanKeys(cursor, match, limit);
    if (!Array.isArray(answer) || !Array.isArray(answer[1])) throw unreadable();
    const [next, found] = answer as [unknown, unknown[]];
    const keys = [...new Set(found.map(String))]; // a server that grows may give one twice
    const lines: unknown[] = [];
    while (lines.length < keys.length) {
      const some = keys.slice(lines.length, lines.length + headsAtOnce);
      const read = await run(heads, some, [], tag === '' ? undefined : tag);
      if (!Array.isArray(read) || read.length !== some.length) throw unreadable();
      lines.push(...read);
    }
    const entries = lines.flatMap((line, index) => {
      const [text, bytes, own] = Array.isArray(line) ? (line as unknown[]) : [];
      const head = readHead(text);
      if (head === undefined || tag + head.key !== keys[index] || !Array.isArray(own)) return [];
      return [{ head: { ...head, bytes: Number(bytes) }, own: own.map(idOf) }];
    });
    return { entries, ...(String(next) !== '0' && { cursor: String(next) }) };
  };
}

/** The pages of one shard after another. */
export function scanShards(shards: readonly Scan[]): Required<Pick<Store, 'scan'>>['scan'] {
  return async ({ cursor = '0:0', ...request }) => {
    const [shard = '0', at = '0'] = cursor.split(':');
    const index = Number(shard);
    const answer = await shards[index]?.({ ...request, cursor: at });
    const next = answer?.cursor === undefined ? index + 1 : index;
    return {
      entries: answer?.entries ?? [],
      ...(next < shards.length && { cursor: `${next}:${answer?.cursor ?? '0'}` }),
    };
  };
}

/** A text as a pattern of Redis that means the text itself. */
const literally = (text: string): string => text.replace(/[*?[\]\\^]/g, '\\$&');
