import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shardOf, shardTags } from '../../src/stores/cluster-shards.ts';
import { slotOf } from '../support/cluster.ts';

describe('the shards of a cluster', () => {
  test('are sixteen, one in the middle of each sixteenth of the slots', () => {
    const slots = shardTags.map((tag) => slotOf(`${tag}shop:e:all`));
    expect(slots.map((slot) => Math.floor(slot / 1024))).toEqual(Array.from({ length: 16 }, (_, index) => index));
    for (const slot of slots) expect(Math.abs((slot % 1024) - 512)).toBeLessThan(32);
  });

  test('keep every key that begins with their tag in one slot, whatever the key holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...shardTags), fc.string({ unit: 'grapheme' }), (tag, key) => {
        expect(slotOf(tag + key)).toBe(slotOf(tag));
        expect(slotOf(`${tag}{other}${key}`)).toBe(slotOf(tag));
      }),
    );
  });

  test('are what they were: another name or another shard would empty a cluster that two releases share', () => {
    expect(shardTags.join('')).toBe('{04s}{15s}{26s}{37s}{40s}{51s}{62s}{73s}{8wz}{9vz}{aoo}{b1h}{ct8}{d7h}{eko}{fy5}');
    const keys = ['', 'shop:q:post.byId', 'shop:q:post.byId:1', 'ż🐢'];
    expect(keys.map(shardOf)).toMatchInlineSnapshot(`
      [
        4,
        15,
        13,
        4,
      ]
    `);
  });

  test.each<[string, (index: number) => string]>([
    ['numbers', (index) => `shop:1:q:post.byId:user%3A7:{"id":${index}}`],
    ['hundreds', (index) => `shop:1:q:post.byId:${index * 100}`],
    ['hashes', (index) => `shop:1:q:post.byId::${btoa(String(index * 7919))}`],
    ['users in front', (index) => `shop:1:q:post.list:${index}:{"sort":"asc"}`],
    ['paths', (index) => `shop:1:q:router${index}.list::`],
  ])('each get their part of the entries of one procedure: %s', (_, keyOf) => {
    const count = Array.from({ length: 16 }, () => 0);
    for (let index = 0; index < 16_000; index++) count[shardOf(keyOf(index))]! += 1;
    for (const entries of count) expect(entries).toSatisfy((some: number) => some > 800 && some < 1_200);
  });
});
