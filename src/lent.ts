// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md
import type { Codec } from './codec.ts';
import { type Entry, isReadable, outputOf } from './entry.ts';
import type { Member, Outline } from './outline.ts';
import { isSame } from './value.ts';

/**
 * An output that is handed on without being decoded: an HTTP response is made of the stored text, and mostly nobody looks at
 * the output itself. Whoever does finds what was stored, decoded at that moment, in an object of his own.
 */
export class Lent {
  /** What stands for the output. */
  readonly value: unknown;
  readonly #entry: Entry;
  readonly #codec: Codec;
  readonly #outline: Outline;
  readonly #given: readonly (readonly [name: string, value: unknown])[] | undefined;
  #whole: { readonly output: unknown } | undefined;

  constructor(entry: Entry, outline: Outline, codec: Codec) {
    this.#entry = entry;
    this.#codec = codec;
    this.#outline = outline;
    if (outline === 'list') {
      this.value = this.#unopened([]);
      return;
    }
    this.#given = outline.map((member) => [member[0], this.#memberOf(member)]);
    this.value = Object.fromEntries(this.#given);
  }

  /** Whether the output still is what was stored: nobody looked, or whoever did changed nothing. */
  isIntact(): boolean {
    if (this.#whole !== undefined) return isSame(outputOf(this.#entry, this.#codec, 'copy'), this.value);
    const given = this.#given;
    if (given === undefined) return true;
    const root = this.value as Record<string, unknown>;
    const names = Object.getOwnPropertyNames(root);
    if (names.length !== given.length || Object.getPrototypeOf(root) !== Object.prototype) return false;
    if (!given.every(([name, value], index) => names[index] === name && isMember(root, name, value))) return false;
    return (
      this.#outline === 'list' || this.#outline.every(([name, kind, ms]) => kind !== 'date' || isAt(root[name], ms))
    );
  }

  /** The output, or a member of it, decoded when it is first asked for. */
  part(name: string | undefined): unknown {
    this.#whole ??= { output: outputOf(this.#entry, this.#codec, 'copy') };
    const { output } = this.#whole;
    return name === undefined ? output : (output as Record<string, unknown>)[name];
  }

  /** Whether a member of some object in it may have this name: the text is searched, not parsed. */
  mayHold(name: string): boolean {
    return this.#entry.body.text.includes(JSON.stringify(name));
  }

  #memberOf([name, kind, value]: Member): unknown {
    if (kind === 'list') return this.#unopened([], name);
    if (kind === 'object') return this.#unopened({}, name);
    return kind === 'date' ? new Date(value) : value;
  }

  #unopened(target: object, name?: string): object {
    return new Proxy(target, new Unopened(this, name));
  }
}

/** An output that is not decoded before somebody looks at it; nothing where that is not possible, or not safe. */
export function lend(entry: Entry, codec: Codec): Lent | undefined {
  const { outline, stream } = entry;
  if (outline === undefined || stream === true || !isReadable(entry)) return undefined;
  return new Lent(entry, outline, codec);
}

/** Fills its target when it is first looked at; from then on the target is an object like any other. */
class Unopened implements ProxyHandler<object> {
  readonly #lent: Lent;
  readonly #name: string | undefined;
  #isOpen = false;

  constructor(lent: Lent, name: string | undefined) {
    this.#lent = lent;
    this.#name = name;
  }

  #open(target: object): void {
    if (this.#isOpen) return;
    const part = this.#lent.part(this.#name);
    if (typeof part !== 'object' || part === null || Array.isArray(part) !== Array.isArray(target))
      throw new TypeError('a stored output is not what its outline says');
    this.#isOpen = true;
    if (Array.isArray(part)) for (const item of part) (target as unknown[]).push(item);
    else Object.defineProperties(target, Object.getOwnPropertyDescriptors(part));
  }

  // What a prototype answers needs no look at the output: so tRPC asks whether it is a promise or a stream.
  #isOwn(target: object, key: string | symbol): boolean {
    if (typeof key === 'symbol') return false;
    return key === 'then' ? !Array.isArray(target) && this.#lent.mayHold(key) : true;
  }

  get(target: object, key: string | symbol, receiver: unknown): unknown {
    if (this.#isOwn(target, key)) this.#open(target);
    return Reflect.get(target, key, receiver);
  }

  has(target: object, key: string | symbol): boolean {
    if (this.#isOwn(target, key)) this.#open(target);
    return Reflect.has(target, key);
  }

  set(target: object, key: string | symbol, value: unknown, receiver: unknown): boolean {
    this.#open(target);
    return Reflect.set(target, key, value, receiver);
  }

  deleteProperty(target: object, key: string | symbol): boolean {
    this.#open(target);
    return Reflect.deleteProperty(target, key);
  }

  ownKeys(target: object): (string | symbol)[] {
    this.#open(target);
    return Reflect.ownKeys(target);
  }

  getOwnPropertyDescriptor(target: object, key: string | symbol): PropertyDescriptor | undefined {
    this.#open(target);
    return Reflect.getOwnPropertyDescriptor(target, key);
  }

  defineProperty(target: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    this.#open(target);
    return Reflect.defineProperty(target, key, descriptor);
  }

  setPrototypeOf(target: object, prototype: object | null): boolean {
    this.#open(target);
    return Reflect.setPrototypeOf(target, prototype);
  }

  preventExtensions(target: object): boolean {
    this.#open(target);
    return Reflect.preventExtensions(target);
  }
}

/** Whether an object has a member as a literal would have it. */
function isMember(object: object, name: string, value: unknown): boolean {
  const member = Object.getOwnPropertyDescriptor(object, name);
  return member?.enumerable === true && 'value' in member && Object.is(member.value, value);
}

const isAt = (date: unknown, ms: number): boolean => isSame(new Date(ms), date);
