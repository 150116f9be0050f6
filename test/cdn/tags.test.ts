import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cdnTagOf, cdnTagsOf } from '../../src/cdn-tags.ts';
import { type EpochNames, epochNames, epochsOf } from '../../src/epochs.ts';
import { cdnDialects, cdnTag, tagHeaders } from '../../src/http/tag-headers.ts';
import { canonical, everyone, type ScopeValue } from '../../src/key.ts';
import { matches } from '../../src/pattern.ts';
import { type PathBook, resolveTarget } from '../../src/resolve.ts';

const names = epochNames('shop', false);
const everybody = {
  kind: 'q',
  path: 'post.byId',
  scope: everyone,
  inputs: ['{"id":1}'],
  tags: ['post', 'post:1'],
} as const;

/** What each dialect allows in one tag, by its documentation. */
const alphabets = {
  cloudflare: /^[\x21-\x2b\x2d-\x7e]{1,1024}$/,
  fastly: /^[\x21-\x2b\x2d-\x7e]{1,1024}$/,
  akamai: /^[A-Za-z0-9!#$%'+.^_`|~-]{1,128}$/,
  vercel: /^[\x21-\x2b\x2d-\x7e]{1,256}$/,
};

describe('the CDN tags of an entry', () => {
  it('are readable: its tags, its path, the routers around it, its namespace; its input is a hash behind the path', () => {
    expect(cdnTagsOf(epochsOf(names, everybody))).toEqual([
      'namespace:shop',
      'post',
      'post.*',
      'post.byId',
      expect.stringMatching(/^post\.byId#[\w-]{16}$/),
      'post:1',
    ]);
  });

  it('tell nothing of private scopes, of plain functions, and of the guard', () => {
    for (const scope of ['user-7', null] satisfies ScopeValue[]) {
      for (const hash of [false, true]) {
        const own = epochNames('shop', hash);
        expect(cdnTagOf(own.scope(scope))).toBeUndefined();
        expect(cdnTagOf(own.scopedSubtree('post', scope))).toBeUndefined();
        expect(cdnTagOf(own.scopedProcedure('q', 'post.byId', scope))).toBeUndefined();
      }
      expect(cdnTagOf(names.scopedInput('q', 'post.byId', scope, '1'))).toBeUndefined();
    }
    expect(cdnTagOf(names.guard)).toBeUndefined();
    expect(cdnTagsOf(epochsOf(names, { ...everybody, kind: 'w' }))).toEqual(['namespace:shop', 'post', 'post:1']);
  });

  it('hold for what is said of everyone what is said of all', () => {
    for (const hash of [false, true]) {
      const own = epochNames('shop', hash);
      expect(cdnTagOf(own.scope(everyone))).toBe(cdnTagOf(own.namespace));
      expect(cdnTagOf(own.scopedSubtree('post', everyone))).toBe(cdnTagOf(own.subtree('post')));
      expect(cdnTagOf(own.scopedProcedure('q', 'a.b', everyone))).toBe(cdnTagOf(own.procedure('q', 'a.b')));
    }
    expect(cdnTagOf(names.scopedInput('q', 'a.b', everyone, '{"id":1}'))).toBe(
      cdnTagOf(names.input('q', 'a.b', '{"id":1}')),
    );
    // A digest does not say whose it is: then it is the procedure.
    expect(cdnTagOf(epochNames('shop', true).scopedInput('q', 'a.b', everyone, '1'))).toBe('a.b');
  });

  it('fit every dialect, whatever the tag, the path and the namespace are', () => {
    const text = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }));
    const lone = fc.constantFrom('\ud800', 'a\udfffb', ' ', ',', '"', '\\', '%', '%25', '\n', 'ä', '€uro', '#');
    fc.assert(
      fc.property(fc.oneof(text, lone), fc.oneof(text, lone), fc.boolean(), (tag, path, hash) => {
        const own = epochNames(path, hash);
        const epochs = epochsOf(own, { ...everybody, path, inputs: [canonical(tag)], tags: [tag] });
        for (const one of cdnTagsOf(epochs)) {
          for (const dialect of cdnDialects) expect(cdnTag(dialect, one)).toMatch(alphabets[dialect]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [' ', '%20'],
    ['a,b', 'a%2Cb'],
    ['%20', '%2520'],
    ['ä', '%C3%A4'],
    ['\ud800', '%uD800'],
    ['\ud800', '\ufffd'],
    ['post:1', 'Post:1'],
  ])('are different for %j and %j', (one, other) => {
    expect(cdnTagOf(names.tag(one))).not.toBe(cdnTagOf(names.tag(other)));
  });

  it('are different for tags that are different', () => {
    const some = fc.oneof(
      fc.string({
        minLength: 1,
        unit: fc.constantFrom('a', ':', '%', '3', 'A', ' ', ',', '2', '0', 'ä', '/', '\ud83d'),
      }),
      fc.string({ minLength: 1, unit: 'binary' }),
    );
    fc.assert(
      fc.property(some, some, (one, other) => {
        fc.pre(one !== other);
        const [a, b] = [one, other].map((tag) => cdnTagOf(names.tag(tag)) as string) as [string, string];
        for (const dialect of cdnDialects) expect(cdnTag(dialect, a)).not.toBe(cdnTag(dialect, b));
      }),
      { numRuns: 5_000 },
    );
  });
});

const paths = ['post.byId', 'post.list', 'post.comments.list', 'user.byId', 'Post.byId', 'top'];

/** Routers with these procedures; of a lazy one, it is not known what it holds. */
const book = (known: readonly string[], complete: boolean): PathBook => ({
  isEmpty: () => known.length === 0,
  match: (pattern) => ({ paths: known.filter((path) => matches(pattern, path)), complete }),
  parse: async (path, input) => {
    if (!known.includes(path)) throw new Error('there is no such procedure');
    return input;
  },
});

const anyTag = fc.constantFrom(
  'post:1',
  'Post:1',
  'post',
  'a b',
  'a,b',
  'ä',
  'x'.repeat(300),
  'post.byId',
  'namespace:shop',
);
const anyInput = fc.constantFrom(1, { id: 1 }, { id: 'x'.repeat(200) }, undefined, 'é', [1, { a: null }]);
const anyScope = fc.constantFrom<ScopeValue>(everyone, 'user-7', null);
const anyPattern = fc.constantFrom(
  ...paths,
  'post',
  'post.*',
  '*',
  '*.byId',
  'post.comments.*',
  '*.*',
  'nowhere',
  '.list',
);
const anyTarget = fc.oneof(
  anyPattern,
  fc.record({ path: anyPattern }),
  fc.record({ path: anyPattern, input: anyInput }),
  fc.record({ path: anyPattern, scope: anyScope }),
  fc.record({ path: anyPattern, input: anyInput, scope: anyScope }),
  fc.record({ path: anyPattern, key: fc.constant('k') }),
  fc.record({ path: anyPattern, external: fc.constant(true) }),
  fc.record({ tag: anyTag }),
  fc.record({ scope: anyScope }),
  fc.constantFrom({ scope: undefined }, { tag: '' }, 7, null, {}),
);

/** What a CDN makes of a header: by its own separator, and some without telling cases apart. */
function read([name, value]: readonly [string, string]): string[] {
  const list = value.split(name === 'surrogate-key' ? ' ' : ',');
  return name === 'cache-tag' ? list.map((tag) => tag.toLowerCase()) : list;
}

describe('a target', () => {
  it('that makes a public entry unusable purges one of its tags in every dialect', async () => {
    let unusable = 0;
    const property = async (
      path: string,
      inputs: readonly unknown[],
      tags: readonly string[],
      target: unknown,
      [hash, isKnown, complete]: readonly [boolean, boolean, boolean],
    ) => {
      const own: EpochNames = epochNames('shop', hash);
      const epochs = epochsOf(own, {
        kind: 'q',
        path,
        scope: everyone,
        inputs: inputs.map((one) => canonical(one)),
        tags,
      });
      const moved = (await resolveTarget(target, own, book(isKnown ? paths : [], complete), 'post.update')).epochs;
      if (!moved.some((epoch) => epochs.includes(epoch))) return;
      unusable += 1;
      const purged = cdnTagsOf(moved);
      const headers = tagHeaders(cdnDialects, cdnTagsOf(epochs), () => null);
      expect(headers).toHaveLength(cdnDialects.length);
      headers.forEach((header, index) => {
        const sent = purged.map((tag) => cdnTag(cdnDialects[index]!, tag));
        const known = header[0] === 'cache-tag' ? sent.map((tag) => tag.toLowerCase()) : sent;
        expect(
          known.some((tag) => read(header).includes(tag)),
          header[0],
        ).toBe(true);
      });
    };
    const input = fc.array(anyInput, { minLength: 1, maxLength: 3 });
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        input,
        fc.array(anyTag, { maxLength: 4 }),
        anyTarget,
        flags,
        property,
      ),
      { numRuns: 10_000 },
    );
    expect(unusable).toBeGreaterThan(1_000);
  });
});

describe('the headers of tags', () => {
  it('are those of the dialects, with what is there already in front', () => {
    expect(tagHeaders(cdnDialects, ['post', 'post:1'], (name) => (name === 'cache-tag' ? 'mine, post' : null))).toEqual(
      [
        ['cache-tag', 'mine,post,post:1'],
        ['surrogate-key', 'post post:1'],
        ['edge-cache-tag', 'post,post%3A1'],
        ['vercel-cache-tag', 'post,post:1'],
      ],
    );
  });

  it.each([
    ['cloudflare', 1_001, 1],
    ['cloudflare', 20, 1_000],
    ['fastly', 20, 1_000],
    ['akamai', 129, 1],
    ['akamai', 70, 110],
    ['vercel', 129, 1],
    ['vercel', 40, 250],
  ] as const)('are refused as a whole where %s would not read %i tags of %i characters', (dialect, many, length) => {
    const tags = Array.from({ length: many }, (_, index) => `${index}`.padStart(length, 'x'));
    expect(() => tagHeaders([dialect], tags, () => null)).toThrow(new RegExp(`^${dialect} reads \\d+ `));
    expect(() => tagHeaders([dialect], tags.slice(0, 3), () => null)).not.toThrow();
  });
});
