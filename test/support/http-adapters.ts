import { type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AnyTRPCRouter } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { onTestFinished } from 'vitest';
import { createContext, createShop, type Shop, type ShopOptions } from './http-router.ts';

/** A response with its body read. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A request to be sent; `path` is behind the endpoint. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A router that answers requests. */
export interface Served {
  readonly url: string;
  readonly send: (path: string, sent?: Sent) => Promise<Reply>;
  /** For clients, and for bodies that are read as they come. */
  readonly fetch: (input: RequestInfo | URL | string, init?: RequestInit) => Promise<Response>;
}

/** The options of both adapters, as far as tests use them. */
export interface ServeOptions {
  readonly router: AnyTRPCRouter;
  readonly createContext?: (opts: any) => any;
  readonly responseMeta?: (opts: any) => any;
  readonly allowMethodOverride?: boolean;
  /** Runs before tRPC, as `cors()` does. Node adapters only. */
  readonly middleware?: (req: IncomingMessage, res: ServerResponse, next: (error?: any) => any) => void;
}

/** A way to serve a router over HTTP. */
export interface Adapter {
  readonly name: 'fetch' | 'standalone';
  readonly serve: (options: ServeOptions) => Promise<Served>;
}

const fetchAdapter: Adapter = {
  name: 'fetch',
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

const standaloneAdapter: Adapter = {
  name: 'standalone',
  async serve(options) {
    const server = createHTTPServer({ ...options, basePath: '/trpc/' });
    const url = `${await listen(server)}/trpc`;
    return { url, fetch, send: (path, sent) => sendOver(`${url}/${path}`, sent) };
  },
};

/** Every adapter that the shared cases run on. */
export const adapters: readonly Adapter[] = [fetchAdapter, standaloneAdapter];

/** The standalone adapter alone, for what only Node's `res` can do. */
export const standalone = standaloneAdapter;

/** The fetch adapter alone, for what only its `resHeaders` can do. */
export const overFetch = fetchAdapter;

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

/** Listens on a free port until the test ends. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** By `node:http`: `fetch` adds headers of its own, and reads caching headers into others. */
function sendOver(url: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: headersOf(response.rawHeaders),
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** As sent, line by line: two lines of one name are joined by a comma, which is what a cache reads. */
function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < raw.length; index += 2) headers.append(raw[index] as string, raw[index + 1] as string);
  return headers;
}
