import { awsLambdaStreamingRequestHandler } from '@trpc/server/adapters/aws-lambda';
import { memoryStore } from 'trpc-cached';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { requestOf } from '../../src/trpc/requests.ts';
import { etagOf, life, useClock } from '../support/http-checks.ts';
import {
  functionUrlEvent,
  type GatewayRequest,
  handlerOf,
  httpEvent,
  type LambdaEvent,
  type LambdaResult,
  lambdaContext,
  responseStream,
  restEvent,
} from '../support/http-lambda.ts';
import { createContext, createShop, type ShopOptions } from '../support/http-router.ts';

useClock();

type Line = readonly [string, string];

const requestFor = (path: string, lines: readonly Line[] = [], method = 'GET'): GatewayRequest => ({
  method,
  path: `/${path}`,
  lines: [
    ['host', 'shop.test'],
    ...(method === 'POST' ? [['content-type', 'application/json'] as Line] : []),
    ...lines,
  ],
  body: '',
});

const formats = [
  { format: 'a REST API (format 1.0)', eventOf: restEvent },
  { format: 'an HTTP API (format 2.0)', eventOf: httpEvent },
  { format: 'a function URL (format 2.0)', eventOf: functionUrlEvent },
];

/** A shop as a Lambda function, with what it gives back to AWS. */
function openFunction(eventOf: (request: GatewayRequest) => LambdaEvent, options: ShopOptions = {}, meta = {}) {
  const shop = createShop(options);
  const http = shop.cache.http({ router: shop.router, createContext, responseMeta: () => meta });
  const handler = handlerOf(http);
  const send = (path: string, lines?: readonly Line[], method?: string): Promise<LambdaResult> =>
    handler(eventOf(requestFor(path, lines, method)), lambdaContext);
  return { ...shop, http, handler, send };
}

const cookiesOf = ({ cookies, multiValueHeaders }: LambdaResult) => [
  ...(cookies ?? []),
  ...(multiValueHeaders?.['set-cookie'] ?? []),
];

describe.each(formats)('a Lambda function behind $format', ({ eventOf }) => {
  test('gives a 304 with headers and an empty body', async () => {
    const { send } = openFunction(eventOf, {}, { headers: { 'set-cookie': ['a=1', 'b=2'] } });
    const full = await send('def');
    expect(full.statusCode).toBe(200);
    const { etag } = full.headers;
    expect(etag).toMatch(/^W\//);
    const short = await send('def', [['if-none-match', etag as string]]);
    expect(short).toMatchObject({ statusCode: 304, body: '', headers: { etag, vary: full.headers.vary } });
    expect(cookiesOf(short)).toEqual(['a=1', 'b=2']);
  });

  test('reads a tag of a list that came in several lines', async () => {
    const { send } = openFunction(eventOf);
    const etag = (await send('def')).headers.etag as string;
    for (const tags of [
      [etag, '"a"'],
      ['"a"', etag],
      ['"a"', etag, '"b"'],
    ]) {
      const lines = tags.map((tag) => ['If-None-Match', tag] as const);
      expect((await send('def', lines)).statusCode).toBe(304);
    }
  });

  test('knows the sign of a client that wrote, among cookies in one line and in several', async () => {
    const store = memoryStore();
    const lookup = vi.spyOn(store, 'lookup');
    const { send } = openFunction(eventOf, { store, http: { readYourWrites: '10s' } });
    const [sign] = cookiesOf(await send('m', [], 'POST'));
    expect(sign).toMatch(/^trpc-cached-exact=1; Max-Age=10/);
    const [cookie = ''] = (sign as string).split(';');
    const exact = async (...lines: Line[]) => {
      await send('def', lines);
      return (lookup.mock.lastCall?.[0] as { exact?: boolean } | undefined)?.exact === true;
    };
    expect(await exact(['cookie', `a=1; ${cookie}`])).toBe(true);
    expect(await exact(['cookie', 'a=1'], ['cookie', cookie], ['cookie', 'b=2'])).toBe(true);
    expect(await exact(['cookie', 'a=1'])).toBe(false);
  });

  test('answers an event without headers, as the console of AWS sends it', async () => {
    const { handler } = openFunction(eventOf);
    const { cookies: _, ...event } = eventOf(requestFor('pub'));
    const bare = { ...event, headers: null, ...('multiValueHeaders' in event && { multiValueHeaders: null }) };
    const result = await handler(bare as never, lambdaContext);
    expect(result).toMatchObject({ statusCode: 200, headers: { 'cache-control': 'public, max-age=60' } });
  });
});

test('an event that is no request shows none', () => {
  for (const given of [undefined, null, {}, { event: null }, { event: 'text' }, { event: { Records: [] } }])
    expect(requestOf(given)).toBeUndefined();
});

describe('a Lambda function with response streaming', () => {
  /** What a client is sent: without a first write the runtime knows neither status nor headers, and says 200. */
  async function invoke(handler: (...args: any[]) => Promise<unknown>, event: LambdaEvent) {
    const { stream, awslambda, metadata } = responseStream();
    vi.stubGlobal('awslambda', awslambda);
    onTestFinished(() => void vi.unstubAllGlobals());
    let body = '';
    stream.on('data', (chunk) => {
      body += chunk;
    });
    const done = handler(event, stream, lambdaContext);
    const reply = async () => {
      await done;
      const { statusCode: status = 200, headers = {} } = metadata() ?? {};
      return { status, headers: new Headers(headers), body };
    };
    return { reply, soFar: () => body };
  }

  const openStreaming = () => {
    const shop = openFunction(functionUrlEvent);
    const handle = awsLambdaStreamingRequestHandler(shop.http as never);
    const handler = (event: LambdaEvent, stream: unknown, context: unknown) => {
      const { 'if-none-match': _, ...headers } = event.headers;
      return handle({ ...event, headers } as never, stream as never, context as never) as Promise<unknown>;
    };
    return { ...shop, handle: handle as typeof handler, handler };
  };

  test('sends tag and lifetime, and the first event before the last', async () => {
    const { handler, data } = openStreaming();
    const full = await (await invoke(handler, functionUrlEvent(requestFor('pub')))).reply();
    expect([full.status, life(full), full.body]).toEqual([200, 60, '{"result":{"data":{"name":"pub","stock":1}}}']);
    expect(etagOf(full)).toMatch(/^W\//);
    let open: (value: string) => void = () => {};
    data.first = 'one';
    data.second = new Promise<string>((resolve) => {
      open = resolve;
    });
    const { soFar, reply } = await invoke(
      handler,
      functionUrlEvent(requestFor('sub', [['accept', 'text/event-stream']])),
    );
    await vi.waitFor(() => expect(soFar()).toContain('one'));
    expect(soFar()).not.toContain('two');
    open('two');
    expect((await reply()).body).toContain('two');
  });

  test('answers in full whoever asks with a tag, when the tag is taken from the event as docs/http.md says', async () => {
    const { handler, handle } = openStreaming();
    const first = await (await invoke(handler, functionUrlEvent(requestFor('pub')))).reply();
    const event = functionUrlEvent(requestFor('pub', [['if-none-match', etagOf(first)]]));
    expect(await (await invoke(handler, event)).reply()).toMatchObject({ status: 200, body: first.body });
    // Without that the runtime of AWS makes an empty 200 of any response that has no body.
    expect(await (await invoke(handle, event)).reply()).toMatchObject({ status: 200, body: '' });
  });
});
