// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md

/** A member of an output: a list or an object that is not looked into, a date, or a short value as it is. */
export type Member =
  | readonly [name: string, kind: 'list' | 'object' | 'nothing']
  | readonly [name: string, kind: 'date', ms: number]
  | readonly [name: string, kind: 'value', value: string | number | boolean | null];

/** The root of an output: a list, or the members of an object. */
export type Outline = 'list' | readonly Member[];

const mostMembers = 32;
const longestText = 200;

/**
 * The outline of an output whose JSON is `json`; nothing of one whose root is no plain list or object, or has members that are
 * neither. It tells nothing that does not stand in the JSON: what that hides, or changes, has no outline.
 */
export function outlineOf(output: unknown, json: unknown): Outline | undefined {
  if (Array.isArray(output)) return 'list';
  if (!isObject(output) || typeof json !== 'object' || json === null) return undefined;
  const names = Object.keys(output);
  if (names.length > mostMembers) return undefined;
  const members: Member[] = [];
  for (const name of names) {
    const member = memberOf(name, output[name], (json as Record<string, unknown>)[name]);
    if (member === undefined) return undefined;
    members.push(member);
  }
  return members;
}

function memberOf(name: string, value: unknown, json: unknown): Member | undefined {
  if (name === '__proto__' || !isShort(name)) return undefined;
  if (value === undefined) return [name, 'nothing'];
  if (Array.isArray(value)) return [name, 'list'];
  if (isObject(value)) return [name, 'object'];
  if (value instanceof Date) return isAsJson(value, json) ? [name, 'date', +value] : undefined;
  return isShort(value) && Object.is(value, json) ? [name, 'value', value] : undefined;
}

const isAsJson = (date: Date, json: unknown): boolean =>
  Object.getPrototypeOf(date) === Date.prototype && date.toISOString() === json;

// What JSON gives back as it is.
const isShort = (value: unknown): value is string | number | boolean | null =>
  value === null ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) ||
  (typeof value === 'string' && value.length <= longestText && !/\p{Surrogate}/u.test(value)); // scripts cannot read halves

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function isKind(kind: unknown, value: unknown): boolean {
  if (kind === 'value') return isShort(value);
  if (kind === 'date') return typeof value === 'number' && Math.abs(value) <= 8.64e15; // ECMA-262 section 21.4.1.1
  return kind === 'list' || kind === 'object' || kind === 'nothing';
}

/** Whether something that a store gave is an outline. */
export function isOutline(given: unknown): given is Outline {
  if (given === 'list') return true;
  return (
    Array.isArray(given) &&
    given.every(
      (member) =>
        Array.isArray(member) &&
        typeof member[0] === 'string' &&
        member[0] !== '__proto__' &&
        isKind(member[1], member[2]),
    )
  );
}
