// Bundled by browser.test.ts and run in Chromium: a page with the client of tRPC and React Query.
import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { createTRPCClient, httpLink } from '@trpc/client';
import { invalidationLink } from '../../src/client/index.ts';
import type { PageRouter } from './page-server.ts';

const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
const client = createTRPCClient<PageRouter>({
  links: [
    invalidationLink({
      onInvalidated: (matches) => queryClient.invalidateQueries({ predicate: ({ queryKey }) => matches(queryKey) }),
    }),
    httpLink({ url: '/trpc' }),
  ],
});

/** What `useQuery(trpc.post.byId.queryOptions({ id: 1 }))` observes; the hook of React only draws what this says. */
function watch(path: string, input: unknown, queryFn: () => Promise<unknown>): void {
  const queryKey = [path.split('.'), { ...(input !== undefined && { input }), type: 'query' }];
  new QueryObserver(queryClient, { queryKey, queryFn }).subscribe(() => {});
  keys.set(input === undefined ? path : `${path} ${JSON.stringify(input)}`, queryKey);
}

const keys = new Map<string, unknown[]>();

const page = {
  isBusy: () => queryClient.isFetching() > 0 || queryClient.isMutating() > 0,
  shown: () => Object.fromEntries([...keys].map(([name, key]) => [name, queryClient.getQueryData(key)])),
  rename: (input: { id: number; title: string }) => client.post.rename.mutate(input),
  ping: () => client.ping.mutate(),
};
Object.assign(globalThis, { page });

watch('post.list', undefined, () => client.post.list.query());
for (const id of [1, 2]) watch('post.byId', { id }, () => client.post.byId.query({ id }));
watch('user.me', undefined, () => client.user.me.query());

/** What the test calls in the page. */
export type Shown = typeof page;
