import { announcements } from '../announcements.ts';
import { cache } from '../cache.ts';
import { publicProcedure, router } from '../trpc.ts';

export const liveRouter = router({
  /** What others changed, as it happens: who shows it asks again, and is answered from the cache where nothing changed. */
  announcements: publicProcedure.subscription(({ signal }) => announcements(signal)),

  /** For who wants to see everything be slow once more. A real app would ask who calls. */
  emptyCache: publicProcedure.mutation(() => cache.clear()),
});
