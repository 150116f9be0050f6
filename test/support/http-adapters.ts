import { createServer, type ServerResponse } from 'node:http';
import type { AnyTRPCRouter } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createNextApiHandler } from '@trpc/server/adapters/next';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import express from 'express';
import Fastify from 'fastify';
import { onTestFinished } from 'vitest';
import { functionUrlEvent, httpEvent, restEvent, serveLambda } from './http-lambda.ts';
import { createContext, createShop, type Shop, type ShopOptions } from './http-router.ts';
import { bodyOf, type Observer, type Served, servedAt, serveOn, toRequest, writeResponse } from './http-sockets.ts';

export type { Reply, Sent, Served } from './http-sockets.ts';

/** What runs before tRPC, as `cors()` does, and sets what it likes on the response. */
export interface Outer {
  readonly set: (name: string, value: string) => void;
  readonly status: (code: number) => void;
}

/** The options of all adapters, as far as tests use them. */
export interface ServeOptions {
  readonly router: AnyTRPCRouter;
  readonly createContext?: (opts: any) => any;
  readonly responseMeta?: (opts: any) => any;
  readonly allowMethodOverride?: boolean;
  /** Adapters with a `res` only. */
  readonly before?: (outer: Outer) => void;
  /** Adapters with a socket only. */
  readonly observe?: Observer;
}

/** A way to serve a router over HTTP. */
export interface Adapter {
  readonly name: string;
  /** What it gives to `createContext` for headers beside those of `responseMeta`. */
  readonly outer: 'resHeaders' | 'res' | 'reply' | 'nothing';
  readonly serve: (options: ServeOptions) => Promise<Served>;
}

const onResponse = (res: ServerResponse): Outer => ({
  set: (name, value) => res.appendHeader(name, value),
  status: (code) => {
    res.statusCode = code;
  },
});

/** In the process: its `Response` is seen as it is made. */
export const overFetch: Adapter = {
  name: 'fetch',
  outer: 'resHeaders',
  async serve(options) {
    const url = 'http://shop.test/trpc';
    const answer: Served['fetch'] = (input, init) =>
      fetchRequestHandler({ ...options, endpoint: '/trpc', req: new Request(input, init) });
    return {
      url,
      fetch: answer,
      async send(path, sent) {
        const response = await answer(`${url}/${path}`, sent);
        return { status: response.status, headers: response.headers, body: await response.text() };
      },
    };
  },
};

export const standalone: Adapter = {
  name: 'standalone',
  outer: 'res',
  async serve({ before, observe, ...options }) {
    const middleware = (_req: unknown, res: ServerResponse, next: () => void) => {
      before?.(onResponse(res));
      next();
    };
    return serveOn(createHTTPServer({ ...options, middleware, basePath: '/trpc/' }), '/trpc', observe);
  },
};

const overExpress: Adapter = {
  name: 'express',
  outer: 'res',
  async serve({ before, observe, ...options }) {
    const app = express();
    app.use((_req, res, next) => {
      before?.(onResponse(res));
      next();
    });
    app.use('/trpc', createExpressMiddleware(options));
    return serveOn(createServer(app), '/trpc', observe);
  },
};

const overFastify: Adapter = {
  name: 'fastify',
  outer: 'reply',
  async serve({ before, observe = () => {}, ...options }) {
    const app = Fastify({ routerOptions: { maxParamLength: 5_000 } });
    app.addHook('onRequest', async (_request, reply) => {
      before?.({ set: (name, value) => void reply.header(name, value), status: (code) => void reply.code(code) });
    });
    app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: options });
    app.server.prependListener('request', observe);
    onTestFinished(() => {
      app.server.closeAllConnections();
      return app.close();
    });
    return servedAt(`${await app.listen({ port: 0, host: '127.0.0.1' })}/trpc`);
  },
};

/** `app/api/trpc/[trpc]/route.ts`: a function of a `Request` for each method, HEAD being answered by that of GET. */
const overNextRoute: Adapter = {
  name: 'next-route',
  outer: 'resHeaders',
  async serve({ observe, ...options }) {
    const handler = (req: Request) => fetchRequestHandler({ ...options, endpoint: '/api/trpc', req });
    const route: Record<string, typeof handler> = { GET: handler, POST: handler, HEAD: handler };
    const server = createServer(async (req, res) => {
      const answer = route[req.method ?? ''] ?? (async () => new Response(null, { status: 405 }));
      await writeResponse(res, await answer(await toRequest(req)));
    });
    return serveOn(server, '/api/trpc', observe);
  },
};

/** `pages/api/trpc/[trpc].ts`: Next parses query and body before it calls the handler. */
const overNextPages: Adapter = {
  name: 'next-pages',
  outer: 'res',
  async serve({ before, observe, ...options }) {
    const handler = createNextApiHandler(options);
    const server = createServer(async (req, res) => {
      const { pathname, searchParams } = new URL(req.url ?? '', 'http://shop.test');
      const trpc = decodeURIComponent(pathname.slice('/api/trpc/'.length));
      const text = await bodyOf(req);
      const isJson = req.headers['content-type']?.startsWith('application/json');
      const body = isJson ? (text === '' ? {} : JSON.parse(text)) : text;
      before?.(onResponse(res));
      const parsed = Object.assign(req, { query: { ...Object.fromEntries(searchParams), trpc }, cookies: {}, body });
      await handler(parsed as never, res as never);
    });
    return serveOn(server, '/api/trpc', observe);
  },
};

const lambda = (name: string, eventOf: typeof restEvent, prefix: string): Adapter => ({
  name,
  outer: 'nothing',
  serve: (options) => serveLambda(eventOf, options, prefix),
});

const overLambda = [
  lambda('lambda-rest', restEvent, '/trpc'),
  lambda('lambda-http', httpEvent, '/trpc'),
  lambda('lambda-url', functionUrlEvent, ''),
];

/** Every adapter that the shared cases run on. */
export const adapters: readonly Adapter[] = [
  overFetch,
  standalone,
  overExpress,
  overFastify,
  overNextRoute,
  overNextPages,
  ...overLambda,
];

/** What adapters cannot do by their nature, and what the tests show in its place. */
export const limits: Record<
  'noSocket' | 'collects',
  { readonly adapters: readonly Adapter[]; readonly cases: readonly string[]; readonly reason: string }
> = {
  noSocket: {
    adapters: [overFetch],
    cases: ['A59', 'A64'],
    reason:
      'runs in the process, where no client cache can stand before it; the same handler has a socket as next-route',
  },
  collects: {
    adapters: overLambda,
    cases: ['A34', 'A35'],
    reason:
      'a Lambda function returns one whole result, so a stream is sent when it has ended; its headers are the same',
  },
};

/** The adapters that are not limited so. */
export const without = (limit: keyof typeof limits): readonly Adapter[] =>
  adapters.filter((adapter) => !limits[limit].adapters.includes(adapter));

/** A shop behind an adapter, with the shop's own members beside the server's; plain tRPC when `library` is false. */
export async function openShop(
  adapter: Adapter,
  { shop: shopOptions, ...options }: { shop?: ShopOptions } & Omit<Partial<ServeOptions>, 'router'> = {},
): Promise<Shop & Served> {
  const shop = createShop(shopOptions);
  return { ...shop, ...(await serveShop(adapter, shop, options)) };
}

/** Serves a shop that is there already. */
export function serveShop(
  adapter: Adapter,
  shop: Shop,
  options: Omit<Partial<ServeOptions>, 'router'> = {},
): Promise<Served> {
  const all = { createContext, ...options, router: shop.router };
  return adapter.serve(shop.library ? shop.cache.http(all) : all);
}
