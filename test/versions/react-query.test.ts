import { afterAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { conditionalFetch, invalidationLink, type Matches } from '../../src/client/index.ts';
import { importParts } from './parts.ts';
import { endImporting, importing, isInstalled, type Release, releases } from './releases.ts';

type Client = typeof import('@trpc/client');
type Query = typeof import('@tanstack/query-core');

afterAll(endImporting);

/** What an integration makes of a router: the options of a query, the key of one, and how a mutation is sent. */
interface Integration {
  readonly query: (path: string, input?: unknown) => any;
  readonly mutate: (path: string, input?: unknown) => Promise<unknown>;
}

const member = (of: any, path: string) => path.split('.').reduce((at, name) => at[name], of);

/** `@trpc/tanstack-react-query`: options proxies, which need no React. */
async function tanstack({ load }: Release, client: any, queryClient: any, keyPrefix?: string): Promise<Integration> {
  const { createTRPCOptionsProxy } = await load<any>('@trpc/tanstack-react-query');
  const trpc = createTRPCOptionsProxy({ client, queryClient, ...(keyPrefix && { keyPrefix }) });
  return {
    query: (path, input) => member(trpc, path).queryOptions(input),
    mutate: (path, input) => member(trpc, path).mutationOptions().mutationFn(input),
  };
}

/** `@trpc/react-query`: the utils of a hook, which its own function makes outside of React. */
async function classic({ load }: Release, client: any, queryClient: any): Promise<Integration> {
  const { createTRPCQueryUtils } = await load<any>('@trpc/react-query');
  const utils = createTRPCQueryUtils({ client, queryClient });
  return {
    query: (path, input) => member(utils, path).queryOptions(input),
    mutate: (path, input) => member(client, path).mutate(input),
  };
}

const integrations = [
  { name: '@trpc/tanstack-react-query', version: '11.22.1', open: tanstack },
  {
    name: '@trpc/tanstack-react-query with a keyPrefix',
    version: '11.22.1',
    keyPrefix: 'shop',
    open: (release: Release, client: any, queryClient: any) => tanstack(release, client, queryClient, 'shop'),
  },
  { name: '@trpc/react-query', version: '11.19.0', open: classic },
];

describe.each(isInstalled ? integrations : [])('$name', async ({ version, open, keyPrefix }) => {
  const release = releases.find((one) => one.version === version)!;
  const { server, fetch, library } = await importing(release, importParts);

  async function openShop() {
    const t = server.initTRPC.create();
    const cache = library.createCache({ scope: 'public', http: { tellInvalidated: true } });
    const runs: string[] = [];
    const query = (name: string) =>
      t.procedure
        .input(z.object({ id: z.number() }))
        .use(cache.cached('1m'))
        .query(({ input }) => {
          runs.push(`${name} ${input.id}`);
          return { name, ...input, run: runs.length };
        });
    const router = t.router({
      post: t.router({
        byId: query('byId'),
        list: query('list'),
        rename: t.procedure
          .input(z.object({ id: z.number() }))
          .use(cache.invalidates(({ input }) => ({ path: 'post.byId', input: { id: input.id } })))
          .mutation(() => 'renamed'),
      }),
    });
    const options = cache.http({ router });
    const statuses: (string | null)[] = [];
    const asking = conditionalFetch({
      fetch: async (input, init) => {
        const req = new Request(input as string, init as RequestInit);
        const response = await fetch.fetchRequestHandler({ endpoint: '/', req, ...options });
        statuses.push(`${response.status} ${response.headers.get('x-cache')}`);
        return response;
      },
    });
    const { QueryClient, QueryObserver } = await release.load<Query>('@tanstack/query-core');
    const { createTRPCClient, httpLink } = await release.load<Client>('@trpc/client');
    const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const seen: Matches[] = [];
    const client = createTRPCClient<typeof router>({
      links: [
        invalidationLink({
          ...(keyPrefix && { keyPrefix }),
          onInvalidated: (matches) => {
            seen.push(matches);
            return queryClient.invalidateQueries({ predicate: ({ queryKey }) => matches(queryKey) });
          },
        }),
        httpLink({ url: 'http://shop.test', fetch: asking as never }),
      ],
    });
    const integration = await open(release, client, queryClient);
    return { ...integration, queryClient, QueryObserver, runs, statuses, seen };
  }

  test('fetches through the cache, and a mutation renews on the page the query that it concerns, and no other', async () => {
    const { query, mutate, queryClient, QueryObserver, runs, statuses } = await openShop();
    const asked = [query('post.byId', { id: 1 }), query('post.byId', { id: 2 }), query('post.list', { id: 1 })];
    for (const one of asked) await queryClient.fetchQuery(one);
    expect(runs).toEqual(['byId 1', 'byId 2', 'list 1']);
    const observers = asked.map(
      (one) => new QueryObserver(queryClient, { ...one, staleTime: Number.POSITIVE_INFINITY }),
    );
    const stop = observers.map((one) => one.subscribe(() => {}));
    try {
      expect(await mutate('post.rename', { id: 1 })).toBe('renamed');
      await vi.waitFor(() => expect(observers[0]?.getCurrentResult().data).toMatchObject({ id: 1, run: 4 }), {
        interval: 1,
      });
      expect(runs).toEqual(['byId 1', 'byId 2', 'list 1', 'byId 1']);
      expect(observers.map((one) => (one.getCurrentResult().data as { run: number }).run)).toEqual([4, 2, 3]);
      await queryClient.refetchQueries({ queryKey: asked[1].queryKey });
      expect(statuses.at(-1)).toBe('304 HIT');
      expect(observers[1]?.getCurrentResult().data).toEqual({ name: 'byId', id: 2, run: 2 });
    } finally {
      for (const end of stop) end();
      queryClient.clear();
    }
  });

  test('makes the keys that `matches` knows', async () => {
    const { query, mutate, queryClient, seen } = await openShop();
    await queryClient.fetchQuery(query('post.byId', { id: 1 }));
    await mutate('post.rename', { id: 1 });
    const [matches] = seen;
    expect(matches?.(query('post.byId', { id: 1 }).queryKey)).toBe(true);
    expect(matches?.(query('post.byId', { id: 2 }).queryKey)).toBe(false);
    expect(matches?.(query('post.list', { id: 1 }).queryKey)).toBe(false);
    queryClient.clear();
  });
});
