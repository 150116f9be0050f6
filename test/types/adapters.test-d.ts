// Compiled, never run: what `cache.http` gives fits every adapter, and contexts keep the types of the adapter.
import { initTRPC } from '@trpc/server';
import { awsLambdaRequestHandler, awsLambdaStreamingRequestHandler } from '@trpc/server/adapters/aws-lambda';
import { type CreateExpressContextOptions, createExpressMiddleware } from '@trpc/server/adapters/express';
import { type CreateFastifyContextOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import { type FetchCreateContextFnOptions, fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { type CreateNextContextOptions, createNextApiHandler } from '@trpc/server/adapters/next';
import { type CreateHTTPContextOptions, createHTTPServer } from '@trpc/server/adapters/standalone';
import { applyWSSHandler, type CreateWSSContextFnOptions } from '@trpc/server/adapters/ws';
import express from 'express';
import Fastify from 'fastify';
import { createCache } from 'trpc-cached';
import { WebSocketServer } from 'ws';

const t = initTRPC.context<{ user: string }>().create();
const cache = createCache<{ user: string }>({ scope: ({ ctx }) => ctx.user });
const router = t.router({ now: t.procedure.use(cache.cached('1m')).query(() => 1) });

const inNode = ({ req }: CreateHTTPContextOptions | CreateExpressContextOptions | CreateNextContextOptions) => ({
  user: String(req.headers['x-user']),
});
const inFetch = ({ req }: FetchCreateContextFnOptions) => ({ user: String(req.headers.get('x-user')) });
const inFastify = ({ req }: CreateFastifyContextOptions) => ({ user: String(req.headers['x-user']) });
const onSocket = ({ req }: CreateWSSContextFnOptions) => ({ user: String(req.headers['x-user']) });
const inLambda = ({ event }: { event: { headers: Record<string, string | undefined> } }) => ({
  user: String(event.headers['x-user']),
});

createHTTPServer(cache.http({ router, createContext: inNode }));
express().use('/trpc', createExpressMiddleware(cache.http({ router, createContext: inNode })));
createNextApiHandler(cache.http({ router, createContext: inNode }));
Fastify().register(fastifyTRPCPlugin, {
  prefix: '/trpc',
  trpcOptions: cache.http({ router, createContext: inFastify }),
});
fetchRequestHandler({
  endpoint: '/trpc',
  req: new Request('http://shop.test/trpc/now'),
  ...cache.http({ router, createContext: inFetch }),
});
awsLambdaRequestHandler(cache.http({ router, createContext: inLambda }));
awsLambdaStreamingRequestHandler(cache.http({ router, createContext: inLambda }));
applyWSSHandler({ wss: new WebSocketServer({ noServer: true }), ...cache.http({ router, createContext: onSocket }) });
