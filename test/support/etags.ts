import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createContext, createShop } from './http-router.ts';

/** The tags that a server of its own, with a store of its own, gives to the answers of a shop. */
export async function etagsOfOwnServer(): Promise<Record<string, string | null>> {
  const etags: Record<string, string | null> = {};
  for (const typed of [false, true]) {
    const { cache, router } = createShop({ typed });
    for (const path of ['def', 'pub', 'lang', 'pub,long?batch=1', 'long,pub?batch=1']) {
      const req = new Request(`http://shop.test/trpc/${path}`);
      const options = cache.http({ router, createContext });
      const { headers } = await fetchRequestHandler({ endpoint: '/trpc', req, ...options });
      etags[`${typed ? 'typed' : 'plain'} ${path}`] = headers.get('etag');
    }
  }
  return etags;
}
