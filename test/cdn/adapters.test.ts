import { createServer, type IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { cdnTag, cloudflarePurge, fastlyPurge, type PurgeApiOptions, vercelPurge } from '../../src/cdn/index.ts';
import { createCache, type Purge } from '../../src/index.ts';
import { listen } from '../support/http-sockets.ts';

const token = 'secret-token-42';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An API that notes what it is asked, and answers what it is told to. */
async function openApi(answer = { status: 200, body: '{"success":true}', headers: {} as Record<string, string> }) {
  const asked: Asked[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    asked.push({ method: req.method, url: req.url, headers: req.headers, body });
    res.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
  });
  return { asked, answer, baseUrl: await listen(server) };
}

const made: Record<string, (options: PurgeApiOptions) => Purge> = {
  cloudflare: (options) => cloudflarePurge({ zoneId: 'zone/1', token, ...options }),
  fastly: (options) => fastlyPurge({ serviceId: 'service/1', token, ...options }),
  vercel: (options) => vercelPurge({ projectId: 'my project'.replace(' ', '&'), token, ...options }),
};

const remove = { ctx: undefined, mode: 'remove' } as const;
const expire = { ctx: undefined, mode: 'expire' } as const;
const manyTags = Array.from({ length: 300 }, (_, index) => `post:${index}`);

describe('cloudflarePurge', () => {
  it('posts the tags to purge_cache of the zone, with the token as bearer, in both modes', async () => {
    const { asked, baseUrl } = await openApi();
    const purge = made.cloudflare!({ baseUrl });
    await purge(['post', 'post:1'], remove);
    await purge(['post'], expire);
    expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/zones/zone%2F1/purge_cache', '{"tags":["post","post:1"]}'],
      ['POST', '/zones/zone%2F1/purge_cache', '{"tags":["post"]}'],
    ]);
    expect(asked[0]?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
  });

  it('sends at most 100 tags in one request, or fewer where a plan wants it, and each tag once', async () => {
    const { asked, baseUrl } = await openApi();
    await made.cloudflare!({ baseUrl })([...manyTags, ...manyTags], remove);
    await cloudflarePurge({ zoneId: 'z', token, baseUrl, tagsPerRequest: 30 })(manyTags.slice(0, 31), remove);
    const sent = asked.map(({ body }) => (JSON.parse(body) as { tags: string[] }).tags);
    expect(sent.map((tags) => tags.length)).toEqual([100, 100, 100, 30, 1]);
    expect(sent.slice(0, 3).flat()).toEqual(manyTags);
  });

  it.each(['{"success":false,"errors":[{"code":1}]}', 'no json', '[]', ''])(
    'fails when the API says %s',
    async (body) => {
      const { baseUrl } = await openApi({ status: 200, body, headers: {} });
      await expect(made.cloudflare!({ baseUrl })(['post'], remove)).rejects.toThrow(
        'cloudflarePurge: the API reported no success',
      );
    },
  );
});

describe('fastlyPurge', () => {
  it('posts the keys to purge of the service, in Surrogate-Key, softly when they shall expire', async () => {
    const { asked, baseUrl } = await openApi();
    const purge = made.fastly!({ baseUrl });
    await purge(['post', 'post:1'], remove);
    await purge(['post'], expire);
    expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/service/service%2F1/purge', ''],
      ['POST', '/service/service%2F1/purge', ''],
    ]);
    expect(asked[0]?.headers).toMatchObject({ 'fastly-key': token, 'surrogate-key': 'post post:1' });
    expect(asked[0]?.headers).not.toHaveProperty('fastly-soft-purge');
    expect(asked[1]?.headers).toMatchObject({ 'surrogate-key': 'post', 'fastly-soft-purge': '1' });
  });

  it('sends at most 256 keys in one request, and no header that is longer than Fastly reads', async () => {
    const { asked, baseUrl } = await openApi();
    const purge = made.fastly!({ baseUrl });
    const keysOf = ({ headers }: Asked) => String(headers['surrogate-key']).split(' ');
    await purge(manyTags, remove);
    expect(asked.map((one) => keysOf(one).length)).toEqual([256, 44]);
    const long = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(1_024, 'x'));
    await purge(long, remove);
    expect(asked.slice(2).flatMap(keysOf)).toEqual(long);
    for (const { headers } of asked) expect(String(headers['surrogate-key']).length).toBeLessThanOrEqual(16_384);
  });
});

describe('vercelPurge', () => {
  it('deletes by tags, or invalidates where the old answer may be shown once more', async () => {
    const { asked, baseUrl } = await openApi();
    await made.vercel!({ baseUrl })(['post', 'post:1'], remove);
    await vercelPurge({ projectId: 'shop', teamId: 'team_1', target: 'preview', token, baseUrl })(['post'], expire);
    expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v1/edge-cache/dangerously-delete-by-tags?projectIdOrName=my%26project', '{"tags":["post","post:1"]}'],
      [
        'POST',
        '/v1/edge-cache/invalidate-by-tags?projectIdOrName=shop&teamId=team_1',
        '{"tags":["post"],"target":"preview"}',
      ],
    ]);
    expect(asked[0]?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
  });

  it('sends at most 16 tags in one request', async () => {
    const { asked, baseUrl } = await openApi();
    await made.vercel!({ baseUrl })(manyTags.slice(0, 40), remove);
    expect(asked.map(({ body }) => (JSON.parse(body) as { tags: string[] }).tags.length)).toEqual([16, 16, 8]);
  });
});

describe.each(Object.entries(made))('the hook for %s', (name, make) => {
  const long = 'x'.repeat(2_000);

  it('asks for nothing when there are no tags', async () => {
    const { asked, baseUrl } = await openApi();
    await make({ baseUrl })([], remove);
    expect(asked).toEqual([]);
  });

  it('sends a tag as the header of an answer carries it', async () => {
    const { asked, baseUrl } = await openApi();
    await make({ baseUrl: `${baseUrl}/` })([long], remove);
    const sent = `${asked[0]?.body}${asked[0]?.headers['surrogate-key'] ?? ''}`;
    expect(sent).toContain(cdnTag(name as 'fastly', long));
    expect(sent).not.toContain(long);
  });

  it.each([301, 400, 401, 403, 404, 429, 500])('fails on a %i, and follows nobody to another host', async (status) => {
    const other = await openApi();
    const { baseUrl } = await openApi({
      status,
      body: `{"success":true,"token":"${token}"}`,
      headers: { location: other.baseUrl },
    });
    const failure = await Promise.resolve(make({ baseUrl })(['post'], remove)).catch((error: unknown) => error);
    expect(String(failure)).toMatch(new RegExp(`^Error: ${name}Purge: the API answered ${status}$`));
    expect(other.asked).toEqual([]);
  });

  it('shows its token in no error and no event, whatever the fetch says', async () => {
    const leaky = async (url: string, init: RequestInit): Promise<Response> => {
      throw new Error(`could not send to ${url}: ${JSON.stringify(init)}`);
    };
    const cache = createCache({ scope: 'public', purge: make({ fetch: leaky }) });
    const seen: unknown[] = [];
    cache.on('error', (event) => seen.push(event));
    const failure = await cache.invalidate('post').catch((error: unknown) => error);
    await cache.close();
    expect(seen.length).toBeGreaterThan(0);
    const shown = (error: unknown): string =>
      error instanceof Error ? `${error.message} ${error.stack} ${shown(error.cause)}` : String(error);
    const texts = [shown(failure), ...seen.map((event) => shown((event as { error: unknown }).error))].join();
    expect(texts).toContain(`${name}Purge: the request failed (Error)`);
    expect(texts).not.toContain(token);
  });

  it('goes to the API of its CDN, with https, unless it is told otherwise', async () => {
    const urls: string[] = [];
    const note = async (url: string) => {
      urls.push(url);
      return Response.json({ success: true });
    };
    await make({ fetch: note })(['post'], remove);
    const hosts = { cloudflare: 'api.cloudflare.com/client/v4', fastly: 'api.fastly.com', vercel: 'api.vercel.com' };
    expect(urls).toEqual([expect.stringMatching(new RegExp(`^https://${hosts[name as 'vercel']}/`))]);
  });
});

describe('wrong options', () => {
  it.each([
    [
      () => cloudflarePurge({ zoneId: 'z' } as never),
      'cloudflarePurge: token: expected a text without spaces, received undefined.',
    ],
    [
      () => cloudflarePurge({ zoneId: '', token }),
      'cloudflarePurge: zoneId: expected a text without spaces, received an empty text.',
    ],
    [
      () => fastlyPurge({ serviceId: 's', token: `${token}\n` }),
      'fastlyPurge: token: expected a text without spaces, received one with other characters.',
    ],
    [
      () => vercelPurge({ projectId: 'p', token, teamId: 7 } as never),
      'vercelPurge: teamId: expected a text without spaces, received number.',
    ],
    [
      () => vercelPurge({ projectId: 'p', token, target: 'both' } as never),
      "vercelPurge: target: expected 'production' or 'preview', received \"both\".",
    ],
    [
      () => cloudflarePurge({ zoneId: 'z', token, tagsPerRequest: 0 }),
      'cloudflarePurge: tagsPerRequest: expected a whole number from 1, received 0.',
    ],
    [
      () => fastlyPurge({ serviceId: 's', token, baseUrl: 'api.fastly.com' }),
      'fastlyPurge: baseUrl: expected a URL, received "api.fastly.com".',
    ],
    [
      () => fastlyPurge({ serviceId: 's', token, soft: true } as never),
      'fastlyPurge: unknown option "soft". Known options: serviceId, token, fetch, baseUrl.',
    ],
    [() => vercelPurge(undefined as never), 'vercelPurge: options: expected an object, received undefined.'],
  ])('are named with their fix, and no token is shown (%#)', (make, text) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: text }));
    expect(make).not.toThrow(token);
  });

  it('of http.cdnTags are named', () => {
    expect(() => createCache({ scope: 'public', http: { cdnTags: ['fastly', 'cloudfront'] as never } })).toThrow(
      "createCache: http.cdnTags: expected one or more of 'cloudflare', 'fastly', 'akamai', 'vercel', received \"cloudfront\".",
    );
    expect(() => createCache({ scope: 'public', http: { cdnTags: true as never } })).toThrow('http.cdnTags');
  });
});
