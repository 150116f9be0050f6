import superjson, { SuperJSON } from 'superjson';
import { describe, expect, test } from 'vitest';
import { defaultCodec, encodedBytes, plainCodec, transformerCodec, wireText, wireValue } from '../src/codec.ts';
import { throwing } from './support/stores.ts';

describe('codecs', () => {
  test('every copy of superjson is one codec; all others never read each other’s texts', () => {
    // superjson itself is a class with static methods; so may others be.
    const Static = Object.assign(class {}, {
      serialize: (value: unknown) => ({ s: value }),
      deserialize: ({ s }: { s: unknown }) => s,
    });
    const wrapping = { serialize: (value: unknown) => ({ w: value }), deserialize: ({ w }: { w: unknown }) => w };
    const failing = { ...wrapping, serialize: () => throwing() };
    const another = Object.assign(class {}, { ...superjson }); // as a second version of it in the tree
    const superjsons = [superjson, new SuperJSON(), another].map((one) => transformerCodec(one).id);
    expect(superjsons).toEqual(['superjson', 'superjson', 'superjson']);
    const others = [Static, wrapping, { ...wrapping, serialize: JSON.stringify }, failing].map(
      (one) => transformerCodec(one).id,
    );
    expect(new Set([...others, 'superjson', plainCodec.id]).size).toBe(6);
    expect(transformerCodec({ ...wrapping }).id).toBe(transformerCodec(wrapping).id);
  });

  test('a transformer that never encodes alike, as one that encrypts, is one codec in every process', () => {
    const process = () => ({
      serialize: (value: unknown) => ({ salt: crypto.randomUUID(), value }),
      deserialize: ({ value }: { value: unknown }) => value,
    });
    expect(transformerCodec(process()).id).toBe(transformerCodec(process()).id);
  });

  test('a transformer that is superjson but for something that no probe shows is another codec', () => {
    const serialize = (value: unknown) => superjson.serialize(value);
    const deserialize = (value: never) => superjson.deserialize(value);
    const strips = (value: { secret?: unknown }) => superjson.serialize({ ...value, secret: undefined });
    class Stripping extends SuperJSON {
      override serialize = strips as never;
    }
    const ones = [
      superjson,
      { serialize, deserialize },
      { serialize: strips, deserialize },
      { ...superjson, serialize: strips },
      Object.assign(new SuperJSON(), { serialize: strips }),
      new Stripping(),
    ].map((one) => transformerCodec(one as typeof superjson).id);
    expect(ones.filter((id) => id === 'superjson')).toHaveLength(1);
    expect(new Set(ones.slice(0, 3)).size).toBe(3);
  });

  test('what superjson stores is what a router with superjson sends', () => {
    const value = { at: new Date(0), n: 1 };
    const { encoded } = defaultCodec.encode(value);
    expect(wireText(encoded)).toBe(JSON.stringify(superjson.serialize(value)));
    expect(wireValue(encoded)).toEqual(superjson.serialize(value));
    expect(defaultCodec.decode(encoded)).toStrictEqual(value);
  });

  test('a router without transformer sends plain JSON, and the cache keeps the types', () => {
    const value = { at: new Date(0), gone: undefined, map: new Map([[1, 2]]) };
    const { encoded } = plainCodec.encode(value);
    expect(wireText(encoded)).toBe(JSON.stringify(value));
    expect(plainCodec.decode(encoded)).toStrictEqual(value);
  });

  test('plain JSON is stored once', () => {
    const { encoded } = plainCodec.encode({ a: [1, null, 'x'] });
    expect(encoded).toEqual({ text: '{"a":[1,null,"x"]}' });
  });

  test.each([undefined, null, 0, -0, '', false])('%s comes back from every codec', (value) => {
    for (const codec of [defaultCodec, plainCodec]) {
      expect(Object.is(codec.decode(codec.encode(value).encoded), value)).toBe(true);
    }
  });

  test('without a transformer a large integer has no JSON: it is refused, as tRPC would refuse to send it', () => {
    expect(() => plainCodec.encode({ n: 1n })).toThrow(TypeError);
  });

  test('each decoding is a new value', () => {
    const { encoded } = defaultCodec.encode({ a: { b: 1 } });
    expect(defaultCodec.decode(encoded)).not.toBe(defaultCodec.decode(encoded));
  });

  test('the size is in bytes, the plain form included', () => {
    expect(encodedBytes({ text: 'ż' })).toBe(2);
    expect(encodedBytes({ text: 'ab', plain: '🐢' })).toBe(6);
  });

  test('a text that was tampered with pollutes no prototype', () => {
    for (const text of [
      '{"json":{"a":1},"meta":{"values":{"__proto__.admin":["Date"]}}}',
      '{"json":{"__proto__":{"admin":true}}}',
      '{"json":{"a":{}},"meta":{"referentialEqualities":{"a":["constructor.prototype.admin"]}}}',
    ]) {
      try {
        defaultCodec.decode({ text });
      } catch {
        // Refused is as good.
      }
      expect(({} as { admin?: unknown }).admin).toBeUndefined();
    }
  });
});
