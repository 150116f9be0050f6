// Docs: docs/clients.md#react-query
import { alike } from '../alike.ts';
import { matches } from '../pattern.ts';

/** What a mutation invalidated, as its response says. */
export interface Invalidated {
  /** A path such as `post.byId`, or a pattern such as `post.*`; `*` when everything may have changed. */
  readonly path: string;
  /** One input of it; absent for all. */
  readonly input?: unknown;
}

/** A header as it was read. */
export interface Told {
  readonly invalidated: readonly Invalidated[];
  /** Sent before the mutations ran, so it counts as each of them ends. */
  readonly ahead: boolean;
}

const everything: Invalidated = { path: '*' };
const member =
  /^[ \t]*"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"((?:; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[^\s",;]+))?)*)[ \t]*(?:,|$)/;
const parameter = /; *([a-z*][a-z0-9_.*-]*)(?:="((?:[^"\\]|\\["\\])*)")?/g;
const unescaped = (text: string) => text.replace(/\\(["\\])/g, '$1');

/** Reads a list of strings (RFC 9651). What cannot be read may be anything, so then everything has changed. */
export function readTold(header: string): Told {
  const invalidated: Invalidated[] = [];
  let ahead = false;
  for (let rest = header.trim(); rest !== ''; ) {
    const found = member.exec(rest);
    const isCut = found?.[0].endsWith(',') && found[0].length === rest.length;
    if (found === null || isCut) return { invalidated: [everything], ahead };
    rest = rest.slice(found[0].length);
    let input: string | undefined;
    for (const [, name, value] of (found[2] ?? '').matchAll(parameter)) {
      if (name === 'ahead') ahead = true;
      if (name === 'i') input = value;
    }
    invalidated.push({ path: unescaped(found[1] ?? ''), ...inputOf(input) });
  }
  return { invalidated, ahead };
}

function inputOf(text: string | undefined): { readonly input?: unknown } {
  if (text === undefined) return {};
  try {
    return { input: JSON.parse(unescaped(text)) };
  } catch {
    return {}; // for every input, then
  }
}

/** A query key of tRPC, taken apart: `[['post', 'byId'], { input, type }]`, or with a prefix before it. */
export interface QueryKeyParts {
  readonly prefix: string | undefined;
  readonly path: string;
  readonly input: unknown;
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');

/** The parts of a key that tRPC made; nothing for keys of others. */
export function partsOf(key: readonly unknown[]): QueryKeyParts | undefined {
  const [first, second] = key;
  if (!isTexts(first)) return undefined;
  const hasPrefix = isTexts(second);
  const args = hasPrefix ? key[2] : second;
  const input = typeof args === 'object' && args !== null ? (args as { input?: unknown }).input : undefined;
  return { prefix: hasPrefix ? first[0] : undefined, path: (hasPrefix ? second : first).join('.'), input };
}

/** Whether an invalidation concerns a query; too much rather than too little. */
export const concerns = (invalidated: Invalidated, { path, input }: QueryKeyParts): boolean =>
  matches(invalidated.path, path) && (!('input' in invalidated) || alike(invalidated.input, input));
