import { describe, expect, it } from 'vitest';
import { listen } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';
import { panelOn } from './panel.ts';
import { shopOn } from './site.ts';

const everything = { action: 'invalidate', kind: 'path', value: '*' };

describe('an action', () => {
  it('of the page itself is done', async () => {
    const { post, as, cache } = panelOn();
    await as().city.byId({ id: 1 });
    const { status, body } = await post({ action: 'invalidate', kind: 'path', value: 'city.*' });
    expect([status, body]).toMatchObject([200, { acknowledged: true, targets: ['city.*'] }]);
    expect(await cache.explain('city.byId', { id: 1 })).toMatchObject({ reason: 'invalidated' });
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a subdomain', { 'sec-fetch-site': 'same-site' }],
    ['a link that somebody follows', { 'sec-fetch-site': 'none' }],
    ['an old browser on another site', { 'sec-fetch-site': undefined, origin: 'https://evil.example' }],
    ['a sandboxed frame of an old browser', { 'sec-fetch-site': undefined, origin: 'null' }],
    ['a form', { 'content-type': 'text/plain' }],
    ['a form with parts', { 'content-type': 'multipart/form-data; boundary=application/json' }],
    ['nobody', { 'content-type': undefined }],
    ['somebody without the word', { 'x-inspector-word': undefined }],
    ['somebody with an empty word', { 'x-inspector-word': '', cookie: 'trpc-cached-inspector=' }],
    ['somebody with another word', { 'x-inspector-word': 'a'.repeat(43) }],
    ['somebody without the cookie', { cookie: undefined }],
  ])('of %s is refused', async (_, changes) => {
    const { post, cache } = panelOn();
    const invalidated = listen(cache, 'invalidate');
    const { status, body } = await post(everything, changes);
    expect([status, body]).toEqual([403, { error: expect.any(String) }]);
    expect(invalidated).toEqual([]);
  });

  it('of an old browser on the very page is done, also behind a proxy that ends TLS', async () => {
    const { post } = panelOn();
    expect((await post(everything, { 'sec-fetch-site': undefined })).status).toBe(200);
    const proxied = { 'sec-fetch-site': undefined, origin: 'https://panel.example', host: 'panel.example' };
    expect((await post(everything, proxied)).status).toBe(200);
  });

  it('behind a proxy that hides its host says what to do, and is done once the origin is named', async () => {
    const proxied = { 'sec-fetch-site': undefined, origin: 'http://intranet.example', host: '127.0.0.1:3000' };
    const { status, body } = await panelOn().post(everything, proxied);
    expect([status, body.error]).toEqual([403, expect.stringMatching(/proxy_set_header Host \$host.*`origins`/)]);
    const { post } = panelOn(shopOn(), { origins: ['http://intranet.example'] });
    expect((await post(everything, proxied)).status).toBe(200);
    expect((await post(everything, { ...proxied, origin: 'http://evil.example' })).status).toBe(403);
    // A browser that knows better is believed.
    expect((await post(everything, { ...proxied, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('that fails tells no more of the failure of others than its class', async () => {
    const context = () => {
      throw new RangeError('secret-7');
    };
    const { post } = panelOn(shopOn(), { context });
    expect(await post({ action: 'explain', path: 'city.list' })).toMatchObject({
      status: 400,
      body: { error: 'it failed (RangeError)' },
    });
  });

  it('changes nothing where the inspector is read only, and looking stays possible', async () => {
    const { post, cache, poll } = panelOn(shopOn(), { readOnly: true });
    const invalidated = listen(cache, 'invalidate');
    expect(await post(everything)).toMatchObject({ status: 403, body: { error: 'this inspector is read only' } });
    expect(invalidated).toEqual([]);
    expect((await post({ action: 'explain', path: 'city.list' })).status).toBe(200);
    expect((await post({ action: 'entries' })).status).toBe(200);
    expect((await poll()).readOnly).toBe(true);
  });

  it.each([
    ['{', 'not JSON'],
    ['null', 'no such action'],
    ['[]', 'no such action'],
    [{ action: 'clear' }, 'no such action'],
    [{ action: 'invalidate', kind: 'path' }, 'missing'],
    [{ action: 'invalidate', kind: 'path', value: 'po*' }, 'not a target'],
    [{ action: 'invalidate', kind: 'path', value: '.list' }, 'not a target'],
    [{ action: 'invalidate', kind: '__proto__', value: 'x' }, 'not a target'],
    [{ action: 'explain' }, 'path is missing'],
    [{ action: 'explain', path: 'toString' }, 'is not a procedure'],
    [{ action: 'entries', limit: 1e9 }, 'limit'],
    [{ action: 'entries', cursor: '../x' }, 'cursor'],
    [`"${'x'.repeat(70_000)}"`, 'too long'],
  ])('%j is answered, not thrown', async (body, part) => {
    const { status, body: answer } = await panelOn().post(body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(answer.error).toContain(part);
  });

  it('that the store does not confirm says so', async () => {
    const { store, fault } = faultyStore();
    const { post, cache, poll } = panelOn(shopOn({ store, namespace: 'n' }));
    fault('advance', throwing);
    expect(await post(everything)).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('did not acknowledge') },
    });
    expect((await poll()).items).toMatchObject([
      { bad: true, more: expect.stringMatching(/^kept and tried again: The store did not acknowledge [^:]+$/) },
    ]);
    fault('advance');
    await cache.close();
  });

  it('explains for the context of whoever looks, or for the scope that is chosen', async () => {
    const context = (request: Request) => ({ user: { id: request.headers.get('x-user') ?? 'nobody' } });
    const { post, as } = panelOn(shopOn(), { context });
    await as({ user: { id: 'ann' } }).cart.mine();
    const asked = { action: 'explain', path: 'cart.mine' };
    expect((await post(asked, { 'x-user': 'ann' })).body).toMatchObject({ outcome: 'hit', scope: { kind: 'private' } });
    expect((await post(asked, { 'x-user': 'bob' })).body).toMatchObject({ outcome: 'miss' });
    const named = { ...asked, scope: { kind: 'private', value: 'ann' } };
    expect((await post(named, { 'x-user': 'ann' })).body).toMatchObject({ outcome: 'hit' });
    expect((await post({ ...asked, scope: { kind: 'signed-out' } })).body).toMatchObject({
      scope: { kind: 'signed-out' },
    });
    expect((await post({ ...asked, scope: { kind: 'everyone' } })).body).toMatchObject({ scope: { kind: 'everyone' } });
  });
});
