import { createTRPCClient, httpBatchLink, httpLink } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from './router.ts';

/** What came back over HTTP, noted by the `fetch` of the client. */
export interface Exchange {
  url: string;
  status: number;
  headers: Headers;
  bytes: number;
}

export type Client = ReturnType<typeof connect>;

/** The real tRPC client, as a web page would use it; it only notes every exchange. */
export function connect(url: string, name: string, token?: string) {
  const exchanges: Exchange[] = [];
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};

  async function fetchAndNote(input: RequestInfo | URL | string, init?: object) {
    const response = await fetch(input, init);
    const body = await response.arrayBuffer();
    exchanges.push({
      url: String(input),
      status: response.status,
      headers: response.headers,
      bytes: body.byteLength,
    });
    return new Response(response.status === 304 ? null : body, response);
  }

  const link = { url, transformer: superjson, headers: authorization, fetch: fetchAndNote };
  return {
    name,
    exchanges,
    trpc: createTRPCClient<AppRouter>({ links: [httpLink(link)] }),
    batching: createTRPCClient<AppRouter>({ links: [httpBatchLink(link)] }),
    /** A plain request with the same headers: what a browser sends when it asks whether its copy is still good. */
    revalidate: (exchange: Exchange) =>
      fetchAndNote(exchange.url, {
        headers: { ...authorization, 'if-none-match': exchange.headers.get('etag') ?? '' },
      }),
  };
}
