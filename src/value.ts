// Docs: docs/keys-and-scopes.md#what-can-be-stored
/** A plain object: literal, parsed from JSON, or without prototype; also one of another realm (tests, edge sandboxes). */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
}

const isForeign = (object: object): boolean => ![Object.prototype, null].includes(Object.getPrototypeOf(object));

/** Whether JSON keeps all of a value. Of objects of another realm, codecs such as superjson keep no more. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || value === null) return ['string', 'boolean', 'object'].includes(typeof value);
  if (Array.isArray(value)) return isList(value) && value.every(isJson);
  return isPlain(value) && Object.values(value).every(isJson);
}

/** A mere list: no array of a class of its own, as database drivers give them, and none with properties beside its items. */
export function isList(array: readonly unknown[]): boolean {
  // Array.prototype is an array itself, in every realm. Names come after indices, and `length` before those that were added.
  const prototype = Object.getPrototypeOf(array);
  return Array.isArray(prototype) && isPlain(prototype) && Reflect.ownKeys(array).at(-1) === 'length';
}

const builtIns = new Set<object>([Date, Map, Set, RegExp, URL].map(({ prototype }) => prototype));
const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

/** Whether something is a Date, Map, Set, RegExp, URL or typed array itself, not an instance of a class made from one. */
export function isBuiltIn(instance: object): boolean {
  const prototype = Object.getPrototypeOf(instance);
  if (builtIns.has(prototype) || Object.getPrototypeOf(prototype) === typedArray) return true;
  return prototype === Date.prototype; // a test's fake clock puts another one in its place
}

/** Whether a built-in carries something that its text does not tell: properties of its own, or the place where a search goes on. */
export function isLaden(instance: object): boolean {
  const names = ArrayBuffer.isView(instance) ? (instance as Uint8Array).length : 0;
  if (Object.keys(instance).length > names || (instance instanceof RegExp && instance.lastIndex !== 0)) return true;
  // A URL that is made of JavaScript (Deno, jsdom) has its parts under a symbol.
  return !(instance instanceof URL) && Object.getOwnPropertySymbols(instance).length > 0;
}

/**
 * What a value is made of, which decides how it can be handed out without anybody spoiling it (law 8):
 * `tree` is objects, arrays and primitives, each seen once: it can be frozen and copied;
 * `plain` holds dates, maps or sets too: it can be copied; `rich` must be decoded anew.
 */
export type Shape = 'tree' | 'plain' | 'rich';

/** Thrown by {@link shapeOf} for a value that cannot be stored whole. */
export class UnstorableError extends Error {
  override readonly name = 'UnstorableError';
}

const rank: Record<Shape, number> = { tree: 0, plain: 1, rich: 2 };

/**
 * The shape of an output, or an {@link UnstorableError} when a codec would lose part of it.
 * `survives` decides about instances of other classes by encoding and decoding just them.
 */
export function shapeOf(value: unknown, survives: (instance: object) => boolean): Shape {
  const seen = new Set<object>();
  const repeated = new Set<unknown>();
  const members = new Set<unknown>();
  let shape: Shape = 'tree';
  let hasNaN = false;
  const atLeast = (other: Shape) => {
    if (rank[other] > rank[shape]) shape = other;
  };
  const visit = (inner: unknown): void => {
    if (Number.isNaN(inner)) {
      if (hasNaN) repeated.add(inner);
      hasNaN = true;
    }
    if (typeof inner === 'function' || typeof inner === 'symbol')
      throw new UnstorableError(`a ${typeof inner} cannot be stored`);
    if (typeof inner !== 'object' || inner === null) return;
    if (seen.has(inner)) {
      atLeast('rich'); // shared or cyclic: only the codec knows how to keep identity
      repeated.add(inner);
      return;
    }
    seen.add(inner);
    if (Array.isArray(inner)) {
      if (!isList(inner))
        throw new UnstorableError('an array of another class or with named properties cannot be stored');
      for (let index = 0; index < inner.length; index++) {
        if (inner[index] === undefined && !(index in inner))
          throw new UnstorableError('an array with holes cannot be stored');
        visit(inner[index]);
      }
    } else if (isPlain(inner)) {
      if (Object.getOwnPropertySymbols(inner).length > 0) throw new UnstorableError('symbol keys cannot be stored');
      if (isForeign(inner) && !isJson(inner)) throw new UnstorableError('an object of another realm cannot be stored');
      for (const name of Object.keys(inner)) visit(inner[name]);
    } else visitInstance(inner, isBuiltIn(inner));
  };
  const visitInstance = (inner: object, builtIn: boolean): void => {
    if (builtIn && isLaden(inner))
      throw new UnstorableError(`${nameOf(inner)} with properties of its own cannot be stored`);
    if (inner instanceof Map || inner instanceof Set) {
      atLeast(builtIn ? 'plain' : 'rich');
      inner.forEach((item: unknown, key: unknown) => {
        members.add(key);
        visit(key);
        if (inner instanceof Map) visit(item);
      });
      if (!builtIn && !survives(inner)) throw instanceError(inner);
    } else if (builtIn && inner instanceof Date) {
      if (Number.isNaN(inner.getTime())) throw new UnstorableError('an invalid Date cannot be stored');
      atLeast('plain');
    } else {
      if (!survives(inner)) throw instanceError(inner);
      atLeast('rich');
      if (inner instanceof Error) visit(inner.cause);
      // That it came back says nothing of what it holds.
      if (!ArrayBuffer.isView(inner)) for (const item of Object.values(inner)) visit(item);
    }
  };
  visit(value);
  // superjson takes such members out to put the shared one in, and loses the order, or the member itself.
  for (const member of members) {
    if (repeated.has(member))
      throw new UnstorableError('what is in a set, or a key of a map, and elsewhere too, cannot be stored');
  }
  return shape;
}

const instanceError = (instance: object) => new UnstorableError(`${nameOf(instance)} cannot be stored`);

/** How errors speak of an instance. */
export function nameOf(instance: object): string {
  return `an instance of ${(instance.constructor as { name?: string } | undefined)?.name ?? 'an unknown class'}`;
}

/** A deep copy of a value whose shape is `tree` or `plain`. */
export function copy<T>(value: T): T {
  return copyOf(value) as T;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const array = new Array(value.length);
    for (let index = 0; index < value.length; index++) array[index] = copyOf(value[index]);
    return array;
  }
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [copyOf(key), copyOf(item)]));
  if (value instanceof Set) return new Set(Array.from(value, copyOf));
  const object: Record<string, unknown> = { ...value }; // keeps the engine's shape of the object: faster than one by one
  for (const name in object) {
    const inner = object[name];
    if (typeof inner === 'object' && inner !== null) object[name] = copyOf(inner);
  }
  return object;
}

/** Freezes a `tree` all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/** Whether two values of shape `tree` or `plain` are the same all the way down, maps and sets in the same order. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other);
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  // What JSON calls first may be hidden from a look at the members.
  const [its, others] = [(one as { toJSON?: unknown }).toJSON, (other as { toJSON?: unknown }).toJSON];
  if (its !== others && (typeof its === 'function' || typeof others === 'function')) return false;
  if (Array.isArray(one) && one.length !== (other as unknown[]).length) return false;
  if (one instanceof Date) return one.getTime() === (other as Date).getTime() && !isLaden(other);
  if (one instanceof Map || one instanceof Set) return isSame([...one], [...(other as Iterable<unknown>)]);
  const these = one as Record<string, unknown>;
  const those = other as Record<string, unknown>;
  let difference = 0; // in the number of names; counting them makes no arrays of them
  for (const name in these) {
    difference += 1;
    const [inner, outer] = [these[name], those[name]];
    if (typeof inner === 'object' ? !isSame(inner, outer) : !Object.is(inner, outer)) return false;
    if (inner === undefined && !Object.hasOwn(those, name)) return false;
  }
  for (const _ in those) difference -= 1;
  return difference === 0;
}
