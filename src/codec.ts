// Docs: docs/keys-and-scopes.md#what-can-be-stored
import superjson from 'superjson';
import { digest } from './digest.ts';
import { type Outline, outlineOf } from './outline.ts';
import { isSame, type Shape, shapeOf, UnstorableError } from './value.ts';

/** One direction of a tRPC transformer. */
export interface Transformer {
  /** Before sending and storing. */
  readonly serialize: (value: any) => any;
  /** The way back. */
  readonly deserialize: (value: any) => any;
}

/** An output as it is stored. */
export interface Encoded {
  /** JSON text of the codec's form. */
  readonly text: string;
  /** JSON text as the router sends it, where that is another one. */
  readonly plain?: string;
}

/** How outputs become texts and texts become outputs again. */
export interface Codec {
  /** Part of every entry's key: a text is read only by the codec that wrote it. */
  readonly id: string;
  /** Throws an {@link UnstorableError} for what would come back as something else. */
  readonly encode: (value: unknown) => {
    readonly encoded: Encoded;
    readonly shape: Shape;
    /** The root of the value, where that is simple, and where the text hides none of it. */
    readonly outline?: Outline | undefined;
  };
  /** A new output each time: nobody else holds it. */
  readonly decode: (encoded: Encoded) => unknown;
}

/** The codec of a transformer: what is stored is what the router sends. */
export function transformerCodec(transformer: Transformer): Codec {
  const id = idOf(transformer);
  const survives = (instance: object) => comesBack(instance, transformer);
  // Of another transformer nobody knows what it hides, and from whom.
  const isOpen = id === 'superjson';
  const decode = ({ text }: Encoded): unknown => transformer.deserialize(parse(text));
  return {
    id,
    encode(value) {
      const shape = shapeOf(value, survives);
      const serialized = transformer.serialize(value);
      const encoded = { text: stringify(serialized) };
      // What superjson keeps is known; of others, what comes back must be seen. Rich values: see `survives`.
      if (id !== 'superjson' && shape !== 'rich' && !isSame(value, decode(encoded))) {
        throw new UnstorableError('the transformer gives back something else than it was given');
      }
      return { encoded, shape, outline: isOpen ? outlined(value, shape, serialized.json) : undefined };
    },
    decode,
  };
}

/** The codec of a router without transformer: superjson keeps the types, the plain JSON is what goes over the wire. */
export const plainCodec: Codec = {
  id: 'plain',
  encode(value) {
    const shape = shapeOf(value, (instance) => comesBack(instance, superjson));
    const { json, meta } = superjson.serialize(value);
    const outline = outlined(value, shape, json);
    if (meta === undefined) return { encoded: { text: stringify(json) }, shape, outline };
    return { encoded: { text: stringify({ json, meta }), plain: stringify(value) }, shape, outline };
  },
  decode: ({ text, plain }) => (plain === undefined ? parse(text) : superjson.deserialize(parse(text) as never)),
};

/** Parts of a rich value may be one object, or hold each other: they cannot be decoded one by one. */
const outlined = (value: unknown, shape: Shape, json: unknown): Outline | undefined =>
  shape === 'rich' ? undefined : outlineOf(value, json);

/** superjson, the default where no router says otherwise. */
export const defaultCodec: Codec = transformerCodec(superjson);

/** The JSON text of an encoded output exactly as tRPC would send it. */
export function wireText({ text, plain }: Encoded): string {
  return plain ?? text;
}

const utf8 = new TextEncoder();

/** Whether an encoded output takes more than so many bytes: a look at its length mostly tells. */
export function isLarger(encoded: Encoded, bytes: number): boolean {
  const { text, plain = '' } = encoded;
  return 3 * (text.length + plain.length) > bytes && encodedBytes(encoded) > bytes;
}

/** How many bytes an encoded output takes in a store. */
export function encodedBytes({ text, plain = '' }: Encoded): number {
  return utf8.encode(text).length + utf8.encode(plain).length;
}

/** The object to hand to `JSON.stringify` in place of the output. */
export function wireValue(encoded: Encoded): unknown {
  return parse(wireText(encoded));
}

// JSON has no text for `undefined`; an empty one stands for it.
const stringify = (value: unknown): string => JSON.stringify(value) ?? '';
const parse = (text: string): unknown => (text === '' ? undefined : JSON.parse(text));

/**
 * What two transformers have in common that read each other's texts: the same functions, which write the same. One that only
 * writes a probe as superjson does may strip something that the other one keeps.
 */
function idOf(transformer: Transformer): string {
  if (isSuperjson(transformer)) return 'superjson';
  const { serialize, deserialize } = transformer;
  return `custom-${digest([serialize, deserialize, probed(transformer)].join('\n')).slice(0, 8)}`;
}

/** superjson, of this copy of it or another one in the tree, or an instance. A class or an object made from it may do more. */
function isSuperjson(transformer: object): boolean {
  if (transformer === superjson) return true;
  const made: unknown =
    typeof transformer === 'function' ? transformer : Object.getPrototypeOf(transformer)?.constructor;
  const isOwn = typeof transformer === 'function' || !Object.hasOwn(transformer, 'serialize');
  return typeof made === 'function' && isOwn && Object.hasOwn(made, 'defaultInstance');
}

/** What a transformer makes of something that needs one; nothing of one that has a salt, which other processes do not. */
function probed(transformer: Transformer): string {
  const probe = { date: new Date(0), gone: undefined, map: new Map([[1, new Set([Number.NaN])]]) };
  const encoded = () => stringify(transformer.serialize(probe));
  try {
    const text = encoded();
    return text === encoded() ? text : '';
  } catch {
    return ''; // it cannot encode what superjson can
  }
}

/** Whether an instance of some class is the same kind of thing after a round trip: RegExp and URL are, a stream is not. */
function comesBack(instance: object, transformer: Transformer): boolean {
  try {
    const back: unknown = transformer.deserialize(JSON.parse(JSON.stringify(transformer.serialize(instance))));
    return (
      typeof back === 'object' &&
      back !== null &&
      back !== instance &&
      Object.getPrototypeOf(back) === Object.getPrototypeOf(instance) &&
      (ArrayBuffer.isView(instance) ? isSameView(instance, back) : hasSameNames(instance, back))
    );
  } catch {
    return false;
  }
}

function hasSameNames(one: object, other: object): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name));
}

/** Whether two typed arrays hold the same numbers: JSON has no NaN, no infinity and no zero below zero. */
function isSameView(one: unknown, other: unknown): boolean {
  const [these, those] = [one, other] as ArrayLike<unknown>[];
  return Array.from(these as ArrayLike<unknown>).every((item, index) => Object.is(item, those?.[index]));
}
