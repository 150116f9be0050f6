import { cache } from './cache.ts';
import { cityRouter } from './routers/city.ts';
import { countryRouter } from './routers/country.ts';
import { favouriteRouter } from './routers/favourite.ts';
import { liveRouter } from './routers/live.ts';
import { router } from './trpc.ts';

export const appRouter = cache.register(
  router({
    city: cityRouter,
    country: countryRouter,
    favourite: favouriteRouter,
    live: liveRouter,
  }),
);

export type AppRouter = typeof appRouter;
