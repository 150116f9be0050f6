import { describe, expect, test } from 'vitest';
import { entryKey, everyone, field, isScope, scopeText, token } from '../src/key.ts';

describe('how keys look', () => {
  const parts = { namespace: 'shop-production', kind: 'q', versions: ['2', ''], codec: 'superjson', vary: [] } as const;

  test('a key shows namespace, path and what is short, so that a person can find it', () => {
    const key = entryKey({ ...parts, path: 'post.byId', scope: scopeText(everyone), input: '"p",{"id":7}' }, false);
    expect(key).toBe('shop-production:q:2::superjson:post.byId:[*,"p",{"id":7}]');
  });

  test('with hashing nothing of input and scope can be read in it', () => {
    const key = entryKey(
      { ...parts, path: 'post.byId', scope: scopeText('ann@example.test'), input: '"p","secret"' },
      true,
    );
    expect(key).toMatch(/^shop-production:q:2::superjson:post\.byId:#[\w-]{43}$/);
  });

  test.each([
    ['post.byId', 'post.byId'],
    ['a-b_c~d/e@f', 'a-b_c~d/e@f'],
    ['', ''],
    ['a:b', '%22a%3Ab%22'],
    ['"a:b"', '%22%5C%22a%3Ab%5C%22%22'],
    ['\ud800', '%22%5Cud800%22'],
    ['*', '%22*%22'],
  ])('the field %j is written as %s', (text, expected) => {
    expect(field(text)).toBe(expected);
  });

  test('a text is readable up to 160 characters, then a digest of 43', () => {
    expect(token('x'.repeat(160), false)).toBe('x'.repeat(160));
    expect(token('x'.repeat(161), false)).toMatch(/^#[\w-]{43}$/);
    expect(token('x', true)).toMatch(/^#[\w-]{43}$/);
  });

  test('the three kinds of scope have texts that never meet', () => {
    expect([everyone, null, '*', '-', 'ann'].map((scope) => scopeText(scope as string))).toEqual([
      '*',
      '-',
      '"*"',
      '"-"',
      '"ann"',
    ]);
  });

  test('a forgotten sign-in is no scope', () => {
    expect([everyone, null, 'ann'].map(isScope)).toEqual([true, true, true]);
    expect([undefined, '', 0, 7, false, {}, Symbol('everyone')].map(isScope)).toEqual(Array(7).fill(false));
  });
});
