import { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpLink, httpSubscriptionLink } from '@trpc/client';
import superjson from 'superjson';
import { conditionalFetch, invalidationLink } from 'trpc-cached/client';
import type { AppRouter } from '../router.ts';
import { noting } from './exchanges.ts';

export type Session = ReturnType<typeof openSession>;

/** All that a user has: a client of tRPC, and a client of React Query that it keeps up to date. */
export function openSession(who: string, token?: string) {
  // Nothing becomes stale by time: `invalidationLink` and announcements say when to ask again.
  const queryClient = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: 1 } },
  });
  const trpc = createTRPCClient<AppRouter>({
    links: [
      invalidationLink({
        onInvalidated: (matches) => queryClient.invalidateQueries({ predicate: ({ queryKey }) => matches(queryKey) }),
      }),
      // One request per query, so that the page can show what each of them cost. Usually this is `httpBatchLink`, and in a
      // page with one user there is no `fetch`: the browser's own cache does what `conditionalFetch` does here.
      httpLink({
        url: `${location.origin}/trpc`,
        transformer: superjson,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        fetch: conditionalFetch({ fetch: noting(who) }),
      }),
    ],
  });
  const id = who.toLowerCase();
  return { id, who, queryClient, trpc, queries: queriesOf(trpc) };
}

/** What `useQuery` takes. The keys are those of `@trpc/tanstack-react-query`, so `invalidationLink` knows them. */
function queriesOf(trpc: ReturnType<typeof createTRPCClient<AppRouter>>) {
  const keyOf = (path: string, input?: object) => [path.split('.'), { ...(input && { input }), type: 'query' }];
  return {
    search: (input: { text: string }) => ({
      queryKey: keyOf('city.search', input),
      queryFn: () => trpc.city.search.query(input),
    }),
    city: (input: { id: number }) => ({
      queryKey: keyOf('city.byId', input),
      queryFn: () => trpc.city.byId.query(input),
    }),
    nearest: (input: { lat: number; lng: number }) => ({
      queryKey: keyOf('city.nearest', input),
      queryFn: () => trpc.city.nearest.query(input),
    }),
    map: () => ({ queryKey: keyOf('city.map'), queryFn: () => trpc.city.map.query() }),
    favourites: () => ({ queryKey: keyOf('favourite.list'), queryFn: () => trpc.favourite.list.query() }),
    statistics: () => ({ queryKey: keyOf('country.statistics'), queryFn: () => trpc.country.statistics.query() }),
  };
}

/** Has a session ask again for all it shows when somebody else changed something. What did not change is a 304. */
export function followOthers(sessions: readonly Session[]): () => void {
  const url = `${location.origin}/trpc`;
  const events = createTRPCClient<AppRouter>({ links: [httpSubscriptionLink({ url, transformer: superjson })] });
  const { unsubscribe } = events.live.announcements.subscribe(undefined, {
    onData({ by }) {
      for (const { id, queryClient } of sessions) if (id !== by) void queryClient.invalidateQueries();
    },
  });
  return unsubscribe;
}
