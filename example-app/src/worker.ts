import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { cache } from './cache.ts';
import { userOf } from './context.ts';
import { fewCities, wishes } from './few-cities.ts';
import { appRouter } from './router.ts';
import { worldInMemory } from './world-in-memory.ts';

// The same routers on Cloudflare Workers, with the cache in Upstash. PGlite does not run there: each isolate has a few cities in
// its memory, where a real app would have a database that all of them ask.

const world = worldInMemory(fewCities, wishes);

export default {
  fetch: (req: Request, _env: unknown, ctx: { waitUntil: (work: Promise<unknown>) => void }): Promise<Response> =>
    fetchRequestHandler({
      endpoint: '/trpc',
      req,
      ...cache.http({
        router: appRouter,
        createContext: () => ({
          world,
          user: userOf(req.headers.get('authorization')),
          waitUntil: (work: Promise<unknown>) => ctx.waitUntil(work),
        }),
      }),
    }),
};
