import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochNames, prefixes } from '../src/epochs.ts';
import { CacheError, everyone } from '../src/index.ts';
import { matches } from '../src/pattern.ts';
import { type PathBook, resolveTarget } from '../src/resolve.ts';
import { absolute, checkTarget, labelOf } from '../src/targets.ts';
import { ann, cacheOf, counter, listen, perUser, t } from './support/app.ts';

const names = epochNames('shop', false);
const paths = ['post.byId', 'post.list', 'post.comments.list', 'postman.list', 'list'];
/** A router that knows these paths, and parses a text that is a number as one. */
const bookOf = (known = paths, complete = true): PathBook => ({
  isEmpty: () => known.length === 0,
  match: (pattern) => ({ paths: known.filter((path) => matches(pattern, path)), complete }),
  parse: async (path, input) => {
    if (!known.includes(path)) throw new Error('not known');
    if (input === 'odd') throw new Error('parser says no');
    return typeof input === 'string' ? Number(input) : input;
  },
});
/** A router in which these are for everybody, and the others each caller's own. */
const publicly = (...shared: string[]): PathBook => {
  const book = bookOf();
  return { ...book, isPublic: (pattern) => book.match(pattern).paths.every((path) => shared.includes(path)) };
};
const resolve = (target: unknown, { book = bookOf(), base }: { book?: PathBook; base?: string } = {}) =>
  resolveTarget(target, names, book, base);

describe('patterns', () => {
  test.each([
    ['post.byId', ['post.byId']],
    ['post.*', ['post.byId', 'post.list', 'post.comments.list']],
    ['*.list', ['post.list', 'postman.list']],
    ['*.*', ['post.byId', 'post.list', 'post.comments.list', 'postman.list']],
    ['post.*.list', ['post.comments.list']],
    ['*', paths],
    ['post', []],
    ['pos*', []],
  ])('%s matches segment by segment', (pattern, expected) => {
    expect(paths.filter((path) => matches(pattern, path))).toEqual(expected);
  });

  test('a subtree pattern matches exactly the paths whose prefixes hold it', () => {
    const segment = fc.constantFrom('a', 'ab', 'b');
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(path, path, (prefix, other) => {
        expect(matches(`${prefix}.*`, other)).toBe(prefixes(other).includes(prefix));
      }),
    );
  });

  test.each([
    ['.list', 'post.update', 'post.list'],
    ['.*', 'post.comments.add', 'post.comments.*'],
    ['.list', 'update', 'list'],
    ['post.list', 'user.update', 'post.list'],
  ])('%s of the mutation %s is %s', (pattern, base, expected) => {
    expect(absolute(pattern, base)).toBe(expected);
  });

  test('a relative pattern without a mutation is nothing', () => {
    expect(absolute('.list', undefined)).toBeUndefined();
  });
});

describe('what a target moves on', () => {
  test.each<[unknown, readonly string[]]>([
    ['post.byId', [names.procedure('q', 'post.byId')]],
    ['post.*', [names.subtree('post')]],
    ['*', [names.namespace]],
    ['*.list', [names.procedure('q', 'post.list'), names.procedure('q', 'postman.list')]],
    [{ path: 'post.byId' }, [names.procedure('q', 'post.byId')]],
    [{ path: 'gone.byId', external: true }, [names.procedure('q', 'gone.byId')]],
    [{ path: 'post.byId', input: 7 }, [names.input('q', 'post.byId', '7')]],
    [{ path: 'post.byId', input: '7' }, [names.input('q', 'post.byId', '"7"'), names.input('q', 'post.byId', '7')]],
    [{ path: 'post.byId', input: undefined }, [names.input('q', 'post.byId', 'undefined')]],
    [{ path: 'post.byId', scope: 'ann' }, [names.scopedProcedure('q', 'post.byId', 'ann')]],
    [{ path: 'post.byId', scope: null, input: 7 }, [names.scopedInput('q', 'post.byId', null, '7')]],
    [
      { path: '*.list', scope: 'ann' },
      [names.scopedProcedure('q', 'post.list', 'ann'), names.scopedProcedure('q', 'postman.list', 'ann')],
    ],
    [{ tag: 'author:7' }, [names.guard, names.tag('author:7')]],
    [{ scope: 'ann' }, [names.scope('ann')]],
    [{ scope: null }, [names.scope(null)]],
    [{ path: 'post.list', scope: everyone }, [names.scopedProcedure('q', 'post.list', everyone)]],
    [{ path: 'post.*', scope: 'ann' }, [names.scopedSubtree('post', 'ann')]],
    [{ path: 'post.list', scope: 'ann', external: true }, [names.scopedProcedure('q', 'post.list', 'ann')]],
  ])('%j', async (target, epochs) => {
    const resolved = await resolve(target, { book: publicly('post.list') });
    expect(resolved.epochs).toEqual(epochs);
    expect(resolved.widened).toBeUndefined();
  });

  const partial = bookOf(paths, false);
  test.each<[string, unknown, { book?: PathBook; base?: string }, readonly string[]]>([
    ['a key, to the path', { path: 'post.byId', key: 'k' }, {}, [names.procedure('q', 'post.byId')]],
    [
      'an unknown path with an input, to the path',
      { path: 'x.y', input: 1 },
      {},
      [names.procedure('q', 'x.y'), names.subtree('x.y')],
    ],
    [
      'an input that no parser takes, to the path',
      { path: 'post.byId', input: 'odd' },
      {},
      [names.procedure('q', 'post.byId')],
    ],
    [
      'an input without a text, to the path',
      { path: 'post.byId', input: () => 1 },
      {},
      [names.procedure('q', 'post.byId')],
    ],
    [
      'such an input of one user, to the user’s path',
      { path: 'post.byId', input: 'odd', scope: 'ann' },
      {},
      [names.scopedProcedure('q', 'post.byId', 'ann')],
    ],
    [
      'a scope that is not known, to the path',
      { path: 'post.byId', scope: undefined },
      {},
      [names.procedure('q', 'post.byId')],
    ],
    ['a scope that is not known, to everything', { scope: undefined }, {}, [names.namespace]],
    [
      'an inner star without all routers, to its literal prefix',
      'post.*.list',
      { book: partial },
      [names.subtree('post')],
    ],
    ['a leading star without all routers, to everything', '*.list', { book: partial }, [names.namespace]],
    [
      'one user’s inner star without all routers, to the user’s literal prefix',
      { path: 'post.*.list', scope: 'ann' },
      { book: partial },
      [names.scopedSubtree('post', 'ann')],
    ],
    [
      'one user’s leading star without all routers, to the user',
      { path: '*.list', scope: 'ann' },
      { book: partial },
      [names.scope('ann')],
    ],
    [
      'an external pattern with an inner star, which is not to be expanded here',
      { path: 'post.*.list', external: true },
      {},
      [names.subtree('post')],
    ],
    [
      'an input of an external pattern, to the pattern',
      { path: 'draft.*', input: 1, external: true },
      {},
      [names.subtree('draft')],
    ],
    [
      'a pattern with an input without all routers, to the subtree',
      { path: 'post.*', input: 1 },
      { book: partial },
      [names.subtree('post')],
    ],
    ['the name of a router, to what is in it', 'post', {}, [names.subtree('post')]],
    ['a relative pattern without a mutation, to everything', '.list', {}, [names.namespace]],
    ...['post.by*', 'post.**', 'post.', 'post..byId', '.post.', '*id'].map(
      (pattern): [string, unknown, object, readonly string[]] => [
        `${pattern}, which is no pattern, to everything`,
        pattern,
        { base: 'post.update' },
        [names.namespace],
      ],
    ),
    [
      'a path that no router has, to itself and what may be below it',
      'post.byid',
      {},
      [names.procedure('q', 'post.byid'), names.subtree('post.byid')],
    ],
    ['a subtree that no router has, to itself', 'Post.*', {}, [names.subtree('Post')]],
    ['an inner star that matches nothing, to its literal prefix', 'post.*.none', {}, [names.subtree('post')]],
    ['a leading star that matches nothing, to everything', '*.none', {}, [names.namespace]],
    [
      'a router that is not loaded yet, to whatever it is',
      'reports',
      { book: bookOf(paths, false) },
      [names.procedure('q', 'reports'), names.subtree('reports')],
    ],
    [
      'one user’s entries of what is for everybody, to the path',
      { path: 'post.list', scope: 'ann' },
      { book: publicly('post.list') },
      [names.procedure('q', 'post.list')],
    ],
    [
      'those of all who are not signed in, likewise',
      { path: '.list', scope: null },
      { book: publicly('post.list'), base: 'post.update' },
      [names.procedure('q', 'post.list')],
    ],
    [
      'one user’s input of what is for everybody, to the input',
      { path: 'post.byId', input: 7, scope: 'ann' },
      { book: publicly('post.byId') },
      [names.input('q', 'post.byId', '7')],
    ],
    ['an empty path, to everything', { path: '' }, {}, [names.namespace]],
    ['a number, to everything', 7, {}, [names.namespace]],
    ['an empty tag, to everything', { tag: '' }, {}, [names.namespace]],
    ['a tag and a path in one, to everything', { tag: 'a', path: 'post.byId' }, {}, [names.namespace]],
    ['a tag and a scope in one, to everything', { tag: 'a', scope: 'ann' }, {}, [names.namespace]],
  ])('it is widened, never dropped: %s', async (_, target, options, epochs) => {
    const resolved = await resolve(target, options);
    expect(resolved.epochs).toEqual(epochs);
    expect(resolved.widened).toMatchObject({
      target: resolved.label,
      to: expect.any(String),
      reason: expect.any(String),
    });
  });
});

test('one user’s entries of a query for everybody are all its entries, and an event says so', async () => {
  const cache = cacheOf({ scope: perUser });
  const { cached, invalidates } = cache;
  const widened = listen(cache, 'widen');
  const shared = t.procedure.use(cached({ ttl: '1m', scope: 'public' }));
  const router = cache.register(
    t.router({
      list: shared.query(counter()),
      mine: t.procedure.use(cached('1m')).query(counter()),
      save: t.procedure.use(invalidates(() => ({ path: 'list', scope: 'ann' }))).mutation(counter()),
      saveAll: t.procedure.use(invalidates(() => ({ path: '*', scope: 'ann' }))).mutation(counter()),
      shared: t.router({ a: shared.query(counter()), b: t.procedure.query(counter()) }),
    }),
  );
  const caller = router.createCaller(ann);
  expect([await caller.list(), await caller.list()]).toEqual([1, 1]);
  await caller.save();
  expect(await caller.list()).toBe(2);
  expect(widened).toEqual([
    { target: 'list (scope)', to: 'list', reason: 'the query is public, and none of its entries is in a scope' },
  ]);
  await caller.mine();
  await caller.saveAll(); // a part of what it names is each caller's own: that is what is meant
  expect([await caller.list(), await caller.mine(), widened.length]).toEqual([2, 2, 1]);
  const { widened: told } = await cache.invalidate({ path: 'shared.*', scope: 'ann' });
  expect(told).toMatchObject([{ to: 'shared.*' }]);
});

describe('targets that are written down', () => {
  test.each<[unknown]>([
    [''],
    ['.'],
    ['post.'],
    ['post..byId'],
    ['pos*'],
    ['post.*id'],
    [7],
    [null],
    [undefined],
    [[]],
    [{}],
    [{ tag: '' }],
    [{ tag: 7 }],
    [{ tag: 'a', path: 'b' }],
    [{ scope: 'a', tag: 'b' }],
    [{ scope: 7 }],
    [{ scope: '' }],
    [{ input: 1 }],
    [{ key: 'a' }],
    [{ path: 'a', key: 'b', input: 1 }],
    [{ path: 'a', Input: 1 }],
    [{ path: 7 }],
  ])('%j is refused at definition, with what to write', (target) => {
    expect(() => checkTarget(target, 'invalidates')).toThrow(CacheError);
    expect(() => checkTarget(target, 'invalidates')).toThrow(/^invalidates/);
  });

  test.each<[unknown, string]>([
    ['post.*', 'post.*'],
    [{ path: 'post.byId', input: { password: 'secret' }, scope: 'ann@example.test' }, 'post.byId (input, scope)'],
    [{ path: 'post.byId', key: 'secret' }, 'post.byId (key)'],
    [{ tag: 'author:7' }, 'tag author:7'],
    [{ scope: 'ann@example.test' }, 'scope'],
  ])('%j is told as %s: inputs and scopes are not shown', (target, label) => {
    expect(() => checkTarget(target, 'invalidates')).not.toThrow();
    expect(labelOf(target)).toBe(label);
  });
});
