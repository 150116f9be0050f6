// Docs: docs/clients.md#what-is-told
import { late, within } from '../deadline.ts';
import { type ToldPath, toldAhead, toldHeader } from '../http/told.ts';
import { everyone } from '../key.ts';
import type { PathBook } from '../resolve.ts';
import { absolute, fieldsOf, isPattern } from '../targets.ts';
import { isPlain } from '../value.ts';
import type { Calls, GetRawInput } from './calls.ts';

/** The cached queries of the registered routers, by their full paths, and whether none can be missing. */
export interface CachedQueries {
  readonly queries: readonly { readonly path: string; readonly isPublic: boolean }[];
  readonly complete: boolean;
}

/** What {@link createTell} needs of the registry. */
export interface TellParts extends Pick<PathBook, 'match' | 'parse'> {
  readonly cachedQueries: () => CachedQueries;
}

/** What a client may be told of the targets of its mutation, in full paths. Never rejects, and never tells too little. */
export type Tell = (
  targets: readonly unknown[],
  bases: readonly (string | undefined)[],
  getRawInput: GetRawInput,
) => Promise<readonly ToldPath[]>;

const everything: ToldPath = { path: '*' };

/** Scopes, tags and keys are never told: they may name other users. Inputs only as far as the client sent them itself. */
export function createTell(parts: TellParts): Tell {
  return async (targets, bases, getRawInput) => {
    try {
      const sent = await getRawInput().then(valuesOf, () => undefined);
      const told = targets.flatMap((target) => bases.map((base) => toldOf(target, base, sent, parts)));
      return (await Promise.all(told)).flat();
    } catch {
      return [everything];
    }
  };
}

async function toldOf(
  target: unknown,
  base: string | undefined,
  sent: Members | undefined,
  parts: TellParts,
): Promise<readonly ToldPath[]> {
  const fields = fieldsOf(target);
  // Any resolver may add a tag to its answer, so any cached query may carry it.
  if ('tag' in fields) return cachedPaths(parts, () => true);
  if (fields.path === undefined && 'scope' in fields) {
    return cachedPaths(parts, ({ isPublic }) => fields.scope === everyone || !isPublic);
  }
  const path = isPattern(fields.path) ? absolute(fields.path, base) : undefined;
  if (path === undefined) return [everything];
  const known = parts.match(path).paths;
  // A router is called so, or a procedure of another process.
  if (!path.includes('*') && known.length === 0 && fields.external !== true) return [{ path }, { path: `${path}.*` }];
  const input = 'input' in fields && (await shownInput(fields.input, known, sent, parts));
  return [typeof input === 'string' ? { path, input } : { path }];
}

function cachedPaths(
  { cachedQueries }: TellParts,
  isMeant: (query: CachedQueries['queries'][number]) => boolean,
): readonly ToldPath[] {
  const { queries, complete } = cachedQueries();
  return complete ? queries.filter(isMeant).map(({ path }) => ({ path })) : [everything];
}

const mostCharacters = 200;
const parseMs = 1_000;

/**
 * An input as JSON, if it may be told: the client knows every value of it, and the parsers leave it as it is. Otherwise the
 * client could not find the queries that mean the same, and every input is meant.
 */
async function shownInput(
  input: unknown,
  paths: readonly string[],
  sent: Members | undefined,
  { parse }: TellParts,
): Promise<string | undefined> {
  const members = membersOf(input);
  if (sent === undefined || members === undefined || members.size === 0 || paths.length === 0) return undefined;
  for (const [name, values] of members) {
    for (const value of values) if (sent.get(name)?.has(value) !== true) return undefined;
  }
  const text = JSON.stringify(input);
  if (text.length > mostCharacters) return undefined;
  try {
    const parsed = await within(Promise.all(paths.map((path) => parse(path, input))), parseMs);
    return parsed !== late && parsed.every((one) => keeps(input, one)) ? text : undefined;
  } catch {
    return undefined; // a key of its own, or not an input of this procedure
  }
}

/** The values of an input by the names they stand under; those of a list under the name of the list. */
type Members = ReadonlyMap<string, ReadonlySet<unknown>>;

const mostValues = 1_000;

/** The values of what was sent; nothing, if these are too many. */
const valuesOf = (input: unknown): Members | undefined => collect(input, true);

/** The values of a target's input; nothing for one that is large, or that JSON does not keep. */
const membersOf = (input: unknown): Members | undefined => collect(input, false);

function collect(input: unknown, others: boolean): Members | undefined {
  const members = new Map<string, Set<unknown>>();
  let left = mostValues;
  const visit = (name: string, value: unknown): boolean => {
    if (--left < 0) return false;
    if (value === undefined) return true;
    if (Array.isArray(value)) return value.every((item) => visit(name, item));
    if (typeof value === 'object' && value !== null) {
      return isPlain(value) ? Object.entries(value).every(([inner, item]) => visit(inner, item)) : others;
    }
    if (!['string', 'boolean'].includes(typeof value) && value !== null && !Number.isFinite(value)) return others;
    members.set(name, (members.get(name) ?? new Set()).add(value));
    return true;
  };
  return visit('', input) ? members : undefined;
}

/** Whether parsers left an input as it is, but for members that they added or stripped. */
function keeps(given: unknown, parsed: unknown): boolean {
  if (Array.isArray(given)) {
    return (
      Array.isArray(parsed) &&
      given.length === parsed.length &&
      given.every((item, index) => keeps(item, parsed[index]))
    );
  }
  if (typeof given !== 'object' || given === null) return Object.is(given, parsed);
  if (typeof parsed !== 'object' || parsed === null || !isPlain(parsed)) return false;
  return Object.entries(given).every(
    ([name, value]) => !Object.hasOwn(parsed, name) || keeps(value, (parsed as Record<string, unknown>)[name]),
  );
}

/** What {@link toldText} needs to know of a router. */
export interface TellingParts {
  readonly calls: Calls;
  /** Where the router is registered. */
  readonly mount: string;
  /** Whether an `invalidates` stands in a procedure of the router, or may stand in it. */
  readonly mayInvalidate: (path: string) => boolean;
}

/** What a response to mutations tells; nothing, where nothing was invalidated. */
export function toldText(
  mutations: readonly { readonly path: string; readonly getRawInput: GetRawInput }[],
  isAhead: boolean,
  { calls, mount, mayInvalidate }: TellingParts,
): string | undefined {
  // A stream has sent its headers before anything ran: then it is anything, where it may be something.
  if (isAhead) return mutations.some(({ path }) => mayInvalidate(path)) ? toldAhead : undefined;
  const told = mutations.flatMap(({ getRawInput }) => calls.find(getRawInput)?.told ?? []);
  return toldHeader(
    told.flatMap((one) => {
      const path = asSeenBelow(mount, one.path);
      return path === undefined ? [] : [{ ...one, path }];
    }),
  );
}

/** A full path or pattern as the clients of a mounted router call it; nothing for what lies outside of the mount. */
function asSeenBelow(mount: string, path: string): string | undefined {
  if (mount === '') return path;
  const [wanted, segments] = [path.split('.'), mount.split('.')];
  for (const [index, segment] of segments.entries()) {
    if (wanted[index] === '*' && index === wanted.length - 1) return '*';
    if (wanted[index] !== '*' && wanted[index] !== segment) return undefined;
  }
  const below = wanted.slice(segments.length);
  return below.length > 0 ? below.join('.') : undefined;
}
