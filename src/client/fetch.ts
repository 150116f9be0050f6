// Docs: docs/clients.md#without-an-http-cache
import { checkBound, invalid, rejectUnknown } from '../errors.ts';
import { varyNames } from '../http/vary.ts';
import { createCopies } from './copies.ts';
import { type Asked, askedFor, methodOf, startOf, urlOf } from './request.ts';
import { type Copy, directivesOf, freshnessOf, keptHeaders, renewedHeaders } from './stored.ts';

/** The part of `fetch` that links of tRPC use. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How {@link conditionalFetch} keeps answers. */
export interface ConditionalFetchOptions {
  /** Most bytes of all answers together, at two for each character; a longer one is passed on. @default 8_388_608 (8 MiB) */
  readonly maxBytes?: number;
  /** Most URLs, each with its credentials, and of each at most eight variants by `Vary`. @default 500 */
  readonly maxEntries?: number;
  /** What sends the requests, with the headers they have: what it adds is not seen here. @default the global `fetch` at the time of a request */
  readonly fetch?: Fetch;
  /** Shows an answer without asking for as long as its `max-age` says. @default false: the server is always asked */
  readonly fresh?: boolean;
}

/** The second argument of `fetch`, as links of tRPC write it. */
export interface FetchInit {
  /** Any body that `fetch` takes. */
  body?: BodyInit | Uint8Array<ArrayBuffer> | null;
  /** The request headers. */
  headers?: [string, string][] | Record<string, string>;
  /** `GET`, when absent. */
  method?: string;
  /** Ends the request. */
  signal?: AbortSignal | undefined;
}

/** A `fetch` that keeps copies. */
export interface ConditionalFetch {
  (input: string | URL | Request, init?: RequestInit | FetchInit): Promise<Response>;
  /** Forgets every copy, as when the user signs out, also of answers that are still on their way. */
  readonly clear: () => void;
}

/** A request whose answer is on its way. */
interface Trip extends Pick<Copy, 'sentAt' | 'order'> {
  readonly place: string;
  /** Its copy was forgotten before it came. */
  isForgotten: boolean;
}

/**
 * A `fetch` for the links of tRPC where there is no HTTP cache: in Node, React Native and server components. It keeps one copy
 * per URL and credentials, asks with the ETag of the copy, and gives the copy when the server answers 304.
 *
 * @throws CacheError `INVALID_OPTION` for a bound that is not a whole number above zero, and for options it does not know.
 * @example
 * ```ts
 * import { createTRPCClient, httpBatchLink } from '@trpc/client';
 * import { conditionalFetch } from 'trpc-cached/client';
 *
 * createTRPCClient<AppRouter>({
 *   links: [httpBatchLink({ url: 'https://shop.example/trpc', fetch: conditionalFetch() })],
 * });
 * ```
 */
export function conditionalFetch(options: ConditionalFetchOptions = {}): ConditionalFetch {
  rejectUnknown(options, ['maxBytes', 'maxEntries', 'fetch', 'fresh'], 'conditionalFetch');
  const { maxBytes = 8_388_608, maxEntries = 500, fresh = false } = options;
  const { fetch: send = (input, init) => globalThis.fetch(input, init) } = options;
  if (typeof fresh !== 'boolean') throw invalid('conditionalFetch: fresh', 'a boolean', fresh);
  if (typeof send !== 'function') throw invalid('conditionalFetch: fetch', 'a function such as fetch', send);
  checkBound(maxBytes, 'conditionalFetch: maxBytes');
  checkBound(maxEntries, 'conditionalFetch: maxEntries');
  const copies = createCopies(maxBytes, maxEntries);
  const underWay = new Set<Trip>();
  let requests = 0;

  /** Forgets the copies of places that begin so, and those that answers on their way would become. */
  function forget(start: string): void {
    copies.forgetAll(start);
    for (const trip of underWay) if (trip.place.startsWith(start)) trip.isForgotten = true;
  }

  /** Gives an answer as it is, and keeps a copy where that may be shown again. */
  async function keep(response: Response, asked: Asked, trip: Trip): Promise<Response> {
    const receivedAt = Date.now();
    const etag = tagOf(response.headers);
    const vary = varyNames(response.headers.get('vary')).sort();
    const isKept = response.status === 200 && etag !== undefined && !vary.includes('*') && !trip.isForgotten;
    const text = isKept && mayKeep(response.headers) ? await textOf(response, maxBytes / 2) : undefined;
    if (trip.isForgotten) return response;
    if (etag === undefined || text === undefined) {
      const outdated = copies.find(asked.place, asked.headers);
      if (outdated !== undefined) copies.forget(asked.place, outdated);
      return response;
    }
    copies.put(asked.place, {
      sentAt: trip.sentAt,
      order: trip.order,
      etag,
      text,
      statusText: response.statusText,
      url: response.url,
      headers: keptHeaders(response.headers),
      vary: vary.map((name) => [name, asked.headers.get(name)]),
      asked: asked.all,
      receivedAt,
    });
    return response;
  }

  /** The 200 that a 304 stands for. */
  function renew(copy: Copy, by: Response, asked: Asked, { sentAt, order }: Trip): Response {
    const headers = renewedHeaders(copy.headers, by.headers, copy.asked === asked.all);
    // Not one that was forgotten, or replaced, meanwhile.
    const isHeld = copies.find(asked.place, asked.headers) === copy;
    if (directivesOf(by.headers).has('no-store')) copies.forget(asked.place, copy);
    else if (isHeld) {
      copies.put(asked.place, {
        ...copy,
        headers: new Headers(headers),
        asked: asked.all,
        receivedAt: Date.now(),
        sentAt,
        order,
      });
    }
    for (const cookie of by.headers.getSetCookie?.() ?? []) headers.append('set-cookie', cookie);
    return shownAgain(copy, headers);
  }

  async function ask(input: string | URL | Request, init: RequestInit | undefined, asked: Asked): Promise<Response> {
    const copy = copies.find(asked.place, asked.headers);
    const now = Date.now();
    const { left, age } = copy === undefined ? { left: 0, age: 0 } : freshnessOf(copy, now);
    if (copy !== undefined && fresh && asked.takesFresh && left > 0 && copy.asked === asked.all && isNamed(copy)) {
      const headers = new Headers(copy.headers);
      headers.set('age', String(Math.floor(age)));
      return shownAgain(copy, headers);
    }
    const trip: Trip = { place: asked.place, sentAt: now, order: ++requests, isForgotten: false };
    underWay.add(trip);
    try {
      if (copy === undefined) return await keep(await send(input, init), asked, trip);
      const headers = { ...Object.fromEntries(asked.headers), 'if-none-match': copy.etag };
      const response = await send(input, { ...init, headers });
      if (response.status !== 304) return await keep(response, asked, trip);
      const tag = tagOf(response.headers);
      if (tag === undefined || opaque(tag) === opaque(copy.etag)) return renew(copy, response, asked, trip);
      // It speaks of an answer that is not held (RFC 9111 section 4.3.4): asked again, without a condition.
      copies.forget(asked.place, copy);
      return await keep(await send(input, init), asked, trip);
    } finally {
      underWay.delete(trip);
    }
  }

  async function conditional(input: string | URL | Request, given?: RequestInit | FetchInit): Promise<Response> {
    const init = given as RequestInit | undefined;
    const asked = askedFor(input, init);
    if (asked !== undefined) return ask(input, init, asked);
    const response = await send(input, init);
    // RFC 9111 section 4.4. Who always asks needs no such thing.
    if (fresh && response.ok && !safe.has(methodOf(input, init))) forget(startOf(urlOf(input)));
    return response;
  }

  return Object.assign(conditional, { clear: () => forget('') });
}

const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** The tag of an answer, if it is one (RFC 9110 section 8.8.3). */
function tagOf(headers: Headers): string | undefined {
  const tag = headers.get('etag') ?? '';
  return /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : undefined;
}

/** Whether it is known whose answer it is: what it depends on may be added to its request behind our back. */
const isNamed = ({ vary }: Copy): boolean => !vary.some(([name, value]) => credentials.has(name) && value === null);

const credentials = new Set(['authorization', 'cookie']);

const opaque = (tag: string): string => tag.replace(/^W\//, '');

/** What tRPC sends is JSON, and JSON is text in UTF-8; anything else is not for us. */
function mayKeep(headers: Headers): boolean {
  const type = headers.get('content-type') ?? '';
  return /^application\/json\b/i.test(type) && !directivesOf(headers).has('no-store');
}

/**
 * The body of an answer that is still unread afterwards; nothing, if it is longer than `most` bytes. Throws what its reader would
 * meet: an answer whose request was aborted meanwhile could not be read any more.
 */
async function textOf(response: Response, most: number): Promise<string | undefined> {
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (announced > most) return undefined;
  let second: Response;
  try {
    second = response.clone();
  } catch {
    return undefined; // the given `fetch` reads it itself
  }
  // React Native has no streams.
  if (typeof second.body?.getReader !== 'function') return second.text();
  const reader = second.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let length = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > most) {
      reader.cancel().catch(() => {}); // settles only when the caller has done with the other half
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function shownAgain({ text, statusText, url }: Copy, headers: Headers): Response {
  const response = new Response(text, { status: 200, statusText, headers });
  Object.defineProperty(response, 'url', { value: url, configurable: true });
  return response;
}
