import { describe, expect, test } from 'vitest';
import { everyone, type Target } from '../../src/index.ts';
import { errorOf } from '../support/app.ts';
import { everything, openSite, renewedBy } from '../support/site.ts';

const both = (...entries: string[]) => ['ann', 'bob'].flatMap((user) => entries.map((entry) => `${user} ${entry}`));

describe('a path or pattern renews what it names, segment by segment', () => {
  test.each<[string, string[]]>([
    ['post.byId', both('post.byId 1', 'post.byId 2')],
    ['post.*', both('post.byId 1', 'post.byId 2', 'post.list', 'post.comments.list')],
    ['post.comments.*', both('post.comments.list')],
    ['*.list', both('post.list', 'postman.list')],
    ['*.comments.*', both('post.comments.list')],
    ['*.*.list', both('post.comments.list')],
    ['post.*.list', both('post.comments.list')],
    ['list', both('list')],
    ['*', everything],
  ])('%s', async (pattern, expected) => {
    expect(await renewedBy(pattern)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['.list', both('post.list')],
    ['.comments.list', both('post.comments.list')],
    ['.*', both('post.byId 1', 'post.byId 2', 'post.list', 'post.comments.list')],
    ['.*.list', both('post.comments.list')],
  ])('%s is relative to the router of the mutation', async (pattern, expected) => {
    expect(await renewedBy(pattern)).toEqual(expected);
  });
});

describe('an object renews precisely what it names', () => {
  test.each<[string, Target, string[]]>([
    ['one input, in every scope', { path: 'post.byId', input: { id: 1 } }, both('post.byId 1')],
    ['one input as a client writes it', { path: 'post.byId', input: { id: '1' } }, both('post.byId 1')],
    ['one input under a pattern', { path: '*.byId', input: { id: 1 } }, both('post.byId 1', 'user.byId 1')],
    ['one input of one user', { path: 'post.byId', input: { id: 1 }, scope: 'bob' }, ['bob post.byId 1']],
    ['a path of one user', { path: 'post.byId', scope: 'bob' }, ['bob post.byId 1', 'bob post.byId 2']],
    [
      'a pattern of one user',
      { path: 'post.*', scope: 'bob' },
      ['bob post.byId 1', 'bob post.byId 2', 'bob post.list', 'bob post.comments.list'],
    ],
    ['an inner star of one user', { path: '*.list', scope: 'bob' }, ['bob post.list', 'bob postman.list']],
    ['a relative pattern of one user', { path: '.list', scope: 'bob' }, ['bob post.list']],
    ['everything of one user', { scope: 'bob' }, everything.filter((entry) => entry.startsWith('bob'))],
    ['a tag, in every scope', { tag: 'id:2' }, both('post.byId 2')],
    ['a scope that nobody has', { scope: 'eve' }, []],
    ['the entries of who is not signed in', { scope: null }, []],
    ['the entries that everybody shares', { path: 'post.*', scope: everyone }, []],
    ['a tag that nobody has', { tag: 'id:3' }, []],
  ])('%s', async (_, target, expected) => {
    expect(await renewedBy(target)).toEqual(expected);
  });
});

describe('what a callback returns', () => {
  test('is computed from ctx, input, path and output of the finished mutation', async () => {
    const expected = ['ann post.byId 1'];
    expect(
      await renewedBy(({ ctx, input, path, output }) => {
        expect([ctx, input, path]).toEqual([{ user: { id: 'ann' } }, { id: 1 }, 'post.update']);
        return { path: 'post.byId', input: { id: input.id }, scope: output.author };
      }),
    ).toEqual(expected);
  });

  test('may be several targets, and several callbacks add up', async () => {
    const renewed = await renewedBy(
      ({ input }) => [{ tag: `id:${input.id + 1}` }, 'postman.*'],
      () => 'list',
    );
    expect(renewed).toEqual(both('list', 'post.byId 2', 'postman.list'));
  });

  test('may come later', async () => {
    expect(await renewedBy(async () => 'post.list')).toEqual(both('post.list'));
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['false', false],
    ['an empty list', []],
  ] as const)('may be %s', async (_, targets) => {
    expect(await renewedBy(() => targets)).toEqual([]);
  });
});

describe('a pattern written down that matches no procedure', () => {
  test.each<[Target, string]>([
    ['post.byID', '{ path: "post.byID", external: true }'],
    ['posts.*', 'Correct the path'],
    ['*.lists', 'Correct the path'],
    ['.byID', 'post.update'],
    [{ path: 'post.byID', input: { id: 1 } }, 'Correct the path'],
    [{ path: 'post', scope: 'ann' }, 'Correct the path'],
  ])('%j throws at register', async (target, advice) => {
    const error = await errorOf(() => renewedBy(target));
    expect(error).toMatchObject({ name: 'CacheError', code: 'UNKNOWN_PATH' });
    expect(error.message).toContain(advice);
  });

  test('is accepted when it is declared to be of another deployment', async () => {
    expect(await renewedBy({ path: 'billing.*', external: true })).toEqual([]);
  });
});

test('a target that is only known at run time is not checked against the router', async () => {
  const { caller, renewed } = await openSite([() => 'billing.*']);
  await caller.post.update({ id: 1 });
  expect(await renewed()).toEqual([]);
});
