import { createServer, type IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { awsLambdaRequestHandler } from '@trpc/server/adapters/aws-lambda';
import type { ServeOptions } from './http-adapters.ts';
import { bodyOf, type Served, serveOn } from './http-sockets.ts';

/** A request as AWS hands it to a function; the fields that both formats name are those of their documentation. */
export interface LambdaEvent {
  readonly headers: Record<string, string>;
  readonly body?: string | null;
  readonly [field: string]: unknown;
}

/** What the adapter gives back to AWS. */
export interface LambdaResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly cookies?: string[];
  readonly body: string;
}

/** A request as a gateway sees it. */
export interface GatewayRequest {
  readonly method: string;
  /** Below the endpoint, with its query. */
  readonly path: string;
  /** Line by line. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const account = { accountId: '123456789012', apiId: 'r3pmxmplak' };
const host = 'r3pmxmplak.execute-api.eu-central-1.amazonaws.com';
const at = { requestId: 'JKJaXmPLvHcESHA=', time: '01/Jan/2026:00:00:00 +0000', timeEpoch: 1_767_225_600_000 };

const urlOf = (path: string) => new URL(path, `https://${host}/`);

/** As a client of HTTP/1.1 may write it: API Gateway keeps the letters of format 1.0. */
const capitals = (name: string) => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

function grouped(pairs: Iterable<readonly [string, string]>): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const [name, value] of pairs) (groups[name] ??= []).push(value);
  return groups;
}

const each = (groups: Record<string, string[]>, one: (values: string[]) => string) =>
  Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, one(values)]));

/** API Gateway REST API, payload format 1.0. */
export function restEvent({ method, path, lines, body }: GatewayRequest): LambdaEvent {
  const url = urlOf(path);
  const headers = grouped(lines.map(([name, value]) => [capitals(name), value]));
  const query = grouped(url.searchParams);
  const hasQuery = url.search !== '';
  return {
    resource: '/trpc/{proxy+}',
    path: `/trpc${url.pathname}`,
    httpMethod: method,
    headers: each(headers, (values) => values.at(-1) ?? ''),
    multiValueHeaders: headers,
    queryStringParameters: hasQuery ? each(query, (values) => values.at(-1) ?? '') : null,
    multiValueQueryStringParameters: hasQuery ? query : null,
    pathParameters: { proxy: decodeURIComponent(url.pathname.slice(1)) },
    stageVariables: null,
    requestContext: {
      ...account,
      resourceId: '2gxmpl',
      resourcePath: '/trpc/{proxy+}',
      httpMethod: method,
      extendedRequestId: 'JJbxmplHYosFVYQ=',
      requestTime: at.time,
      requestTimeEpoch: at.timeEpoch,
      requestId: at.requestId,
      path: `/prod/trpc${url.pathname}`,
      protocol: 'HTTP/1.1',
      stage: 'prod',
      domainPrefix: account.apiId,
      domainName: host,
      identity: { sourceIp: '192.0.2.1', userAgent: 'Mozilla/5.0', accessKey: null, accountId: null, caller: null },
    },
    body: body === '' ? null : body,
    isBase64Encoded: false,
  };
}

/** Payload format 2.0: names in lower case, lines joined by commas, cookies apart. */
function secondFormat({ method, path, lines, body }: GatewayRequest, prefix: string, domain: string) {
  const url = urlOf(path);
  const { cookie, ...headers } = grouped(lines.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: `${prefix}${url.pathname}`,
    rawQueryString: url.search.slice(1),
    ...(cookie && { cookies: cookie.flatMap((line) => line.split('; ')) }),
    headers: each(headers, (values) => values.join(',')),
    ...(url.search !== '' && {
      queryStringParameters: each(grouped(url.searchParams), (values) => values.join(',')),
    }),
    requestContext: {
      ...account,
      domainName: domain,
      domainPrefix: domain.split('.')[0],
      http: {
        method,
        path: `${prefix}${url.pathname}`,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'Mozilla/5.0',
      },
      routeKey: '$default',
      stage: '$default',
      ...at,
    },
    ...(body !== '' && { body: Buffer.from(body).toString('base64') }),
    isBase64Encoded: body !== '',
  };
}

/** API Gateway HTTP API, payload format 2.0. */
export function httpEvent(request: GatewayRequest): LambdaEvent {
  const event = secondFormat(request, '/trpc', host);
  const routeKey = 'ANY /trpc/{proxy+}';
  return {
    ...event,
    routeKey,
    requestContext: { ...event.requestContext, routeKey },
    pathParameters: { proxy: decodeURIComponent(urlOf(request.path).pathname.slice(1)) },
  };
}

/** A function URL: format 2.0 without routes, and one host for one function. */
export function functionUrlEvent(request: GatewayRequest): LambdaEvent {
  return secondFormat(request, '', `${account.apiId}.lambda-url.eu-central-1.on.aws`);
}

/** The context that comes with every event. */
export const lambdaContext = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'shop',
  functionVersion: '$LATEST',
  invokedFunctionArn: `arn:aws:lambda:eu-central-1:${account.accountId}:function:shop`,
  memoryLimitInMB: '128',
  getRemainingTimeInMillis: () => 3_000,
};

export const handlerOf = (options: ServeOptions) =>
  awsLambdaRequestHandler(options) as unknown as (
    event: LambdaEvent,
    context: typeof lambdaContext,
  ) => Promise<LambdaResult>;

/** Serves a function behind a gateway as AWS runs one: it makes events of requests, and responses of results. */
export function serveLambda(
  eventOf: (request: GatewayRequest) => LambdaEvent,
  options: ServeOptions,
  prefix: string,
): Promise<Served> {
  const handler = handlerOf(options);
  const gateway = createServer(async (req, res) => {
    const result = await handler(eventOf(await gatewayRequest(req, prefix)), lambdaContext);
    // A server would leave out the body of a 304 without a word.
    if (result.statusCode === 304 && result.body !== '') throw new Error(`a 304 with the body ${result.body}`);
    const { 'set-cookie': cookies = [] } = result.multiValueHeaders ?? {};
    for (const [name, value] of Object.entries(result.headers)) res.setHeader(name, value);
    for (const cookie of [...cookies, ...(result.cookies ?? [])]) res.appendHeader('set-cookie', cookie);
    res.writeHead(result.statusCode).end(result.body);
  });
  return serveOn(gateway, prefix, options.observe);
}

async function gatewayRequest(req: IncomingMessage, prefix: string): Promise<GatewayRequest> {
  const lines: [string, string][] = [];
  for (let index = 0; index < req.rawHeaders.length; index += 2)
    lines.push([req.rawHeaders[index] as string, req.rawHeaders[index + 1] as string]);
  return {
    method: req.method ?? '',
    path: (req.url ?? '').slice(prefix.length),
    lines,
    body: await bodyOf(req),
  };
}

/** A response stream of the Lambda runtime: what `HttpResponseStream.from` says goes out with the first write, or never. */
export function responseStream() {
  const stream = new PassThrough();
  let prelude: unknown;
  let sent: unknown;
  const write = stream.write.bind(stream);
  stream.write = ((...args: Parameters<typeof write>) => {
    sent ??= prelude;
    return write(...args);
  }) as typeof stream.write;
  const from = (given: typeof stream, metadata: unknown) => {
    prelude = metadata;
    return given;
  };
  return { stream, awslambda: { HttpResponseStream: { from } }, metadata: () => sent as LambdaResult | undefined };
}
