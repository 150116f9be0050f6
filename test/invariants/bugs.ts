import { type CreateCacheOptions, everyone } from '../../src/index.ts';

type Handle = (request: Request) => Promise<Response>;

/** A mistake that the invariants have to find. */
export interface Bug {
  readonly name: string;
  /** The invariant that it breaks. */
  readonly violates: string;
  readonly options?: Partial<CreateCacheOptions<any>>;
  readonly around?: (request: Request, handle: Handle) => Promise<Response>;
}

/** Changes the headers of answers. */
const change =
  (edit: (headers: Headers, response: Response, request: Request) => void) =>
  async (request: Request, handle: Handle): Promise<Response> => {
    const response = await handle(request);
    const headers = new Headers(response.headers);
    edit(headers, response, request);
    return new Response(response.body, { status: response.status, headers });
  };

const rewrite = (headers: Headers, field: string, from: RegExp | string, to: string) =>
  headers.has(field) && headers.set(field, (headers.get(field) ?? '').replace(from, to));

const held = new Map<string, string>();
let made = 0;

/** Mistakes that caches for tRPC and others have really made (http-cases section 4), and some that are near. */
export const bugs: readonly Bug[] = [
  {
    name: 'public beside Set-Cookie',
    violates: 'I6',
    around: change((headers) => {
      if (headers.has('set-cookie')) rewrite(headers, 'cache-control', 'private, no-cache', 'public, max-age=60');
    }),
  },
  {
    name: 'public for a request with credentials',
    violates: 'I6',
    around: change((headers, _, request) => {
      if (request.headers.has('authorization')) rewrite(headers, 'cache-control', 'private', 'public');
    }),
  },
  {
    name: 'Vary in the place of private',
    violates: 'leak',
    around: change((headers) => {
      rewrite(headers, 'cache-control', 'private', 'public');
      headers.append('vary', 'cookie, authorization');
    }),
  },
  { name: 'a key without the user', violates: 'leak', options: { scope: () => everyone } },
  {
    name: 'a lifetime that does not count down',
    violates: 'I3',
    around: change((headers) => {
      rewrite(headers, 'cache-control', /max-age=[1-9]\d*/, 'max-age=60');
    }),
  },
  {
    name: 'a lifetime for what is served stale',
    violates: 'I3',
    around: change((headers) => {
      rewrite(headers, 'cache-control', 'max-age=0', 'max-age=1');
    }),
  },
  {
    name: 'a window that is counted from now',
    violates: 'I3',
    around: change((headers) => {
      rewrite(headers, 'cache-control', /stale-while-revalidate=\d+/, 'stale-while-revalidate=90');
    }),
  },
  {
    name: 'a window that begins anew where it is used',
    violates: 'I3',
    around: change((headers) => {
      if (headers.get('x-cache') === 'STALE') rewrite(headers, 'cache-control', '0', '0, stale-while-revalidate=30');
    }),
  },
  {
    name: 'whole lifetimes without Age',
    violates: 'I3',
    around: change((headers) => headers.delete('age')),
  },
  {
    name: 'a tag made of the key',
    violates: 'I7',
    around: change((headers, _, { url }) => {
      if (headers.has('etag')) headers.set('etag', `W/"${btoa(url).replace(/=/g, '')}"`);
    }),
  },
  {
    name: 'a tag that differs from process to process',
    violates: 'I7',
    around: change((headers) => {
      if (headers.has('etag')) headers.set('etag', `W/"${++made}"`);
    }),
  },
  {
    name: '304 before auth, and before the data is known',
    violates: 'I1',
    async around(request, handle) {
      const { url } = request;
      const etag = request.headers.get('if-none-match');
      if (etag !== null && held.get(url) === etag) return new Response(null, { status: 304, headers: { etag } });
      const response = await handle(request);
      held.set(url, response.headers.get('etag') ?? held.get(url) ?? '');
      return response;
    },
  },
  {
    name: 'weak tags that never match',
    violates: 'I1',
    around(request, handle) {
      const headers = new Headers(request.headers);
      rewrite(headers, 'if-none-match', /W\//g, 'w/');
      return handle(new Request(request, { headers }));
    },
  },
  {
    name: '304 without the headers of CORS',
    violates: 'I2',
    around: change((headers, { status }) => {
      if (status === 304) headers.delete('access-control-allow-origin');
    }),
  },
  {
    name: 'no-store on a 304',
    violates: 'I2',
    around: change((headers, { status }) => {
      if (status === 304) headers.set('cache-control', 'no-store');
    }),
  },
  {
    name: 'a 304 without CDN-Cache-Control, so that the old one holds',
    violates: 'I3',
    around: change((headers, { status }) => {
      if (status === 304) headers.delete('cdn-cache-control');
    }),
  },
  {
    name: 'a cookie on a 304 for what shared caches keep',
    violates: 'I6',
    around: change((headers, { status }) => {
      if (status === 304) headers.append('set-cookie', 'seen=4');
    }),
  },
  {
    name: '200 with nothing in it',
    violates: 'I8',
    async around(request, handle) {
      const response = await handle(request);
      return response.status === 304 ? new Response('', { headers: response.headers }) : response;
    },
  },
  {
    name: 'CDN-Cache-Control kept on an error',
    violates: 'I5',
    around: change((headers, { status }) => {
      if (status >= 400) headers.set('cdn-cache-control', 'max-age=60');
    }),
  },
  {
    name: 'errors that caches may keep by heuristics',
    violates: 'I5',
    around: change((headers, { status }) => {
      if (status === 404) headers.delete('cache-control');
    }),
  },
  {
    name: 'a batch with an error, kept as its other member',
    violates: 'I5',
    around: change((headers, { status }) => {
      if (status === 207) headers.set('cache-control', 'private, no-cache');
    }),
  },
  {
    name: 'directives that come twice',
    violates: 'I4',
    around: change((headers) => {
      if (headers.has('cache-control')) headers.append('cache-control', headers.get('cache-control') ?? '');
    }),
  },
];
