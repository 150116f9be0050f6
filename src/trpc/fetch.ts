// Docs: docs/http.md#the-fetch-wrapper
import { invalid, rejectUnknown } from '../errors.ts';

/** The options of `cache.fetch`. */
export interface FetchOptions {
  /** Answers HEAD as GET would, without the body (RFC 9110 section 9.3.2); tRPC itself says 204. @default false */
  readonly head?: boolean;
}

/** A fetch handler with whatever its runtime gives it beside the request. */
export type FetchHandler<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** What the hooks leave for the wrapper that stands around the handler. */
export interface Splices {
  /** Stored texts by the words that stand for them in the body. */
  readonly texts: Map<string, string>;
  /** Whether the lifetimes of the response are ours. */
  isOurs: boolean;
}

/**
 * Puts the last hand to a response: stored bodies go into it as the texts they are, a 304 has nothing of a body's headers, and
 * a cookie that was set after tRPC had answered takes the lifetimes away.
 */
export function wrapFetch<Rest extends readonly unknown[]>(
  handler: FetchHandler<Rest>,
  options: FetchOptions,
  splices: WeakMap<object, Splices>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  if (typeof handler !== 'function') throw invalid('fetch: handler', 'a function of a Request', handler);
  rejectUnknown(options, ['head'], 'fetch');
  return async (request, ...rest) => {
    const isHead = options.head === true && request.method === 'HEAD';
    const asked = isHead ? new Request(request, { method: 'GET' }) : request;
    if (asked.method !== 'GET') return handler(request, ...rest);
    const own: Splices = { texts: new Map(), isOurs: false };
    splices.set(asked, own);
    let response = await handler(asked, ...rest);
    let body = await spliced(response, own);
    if (body === undefined) {
      // Something compressed or rewrote it inside of us: the words are not found, and nobody may see them.
      splices.delete(asked);
      response = await handler(asked, ...rest);
      body = response.body;
    }
    // A stream that nobody reads would go on.
    if (isHead && body === response.body) await response.body?.cancel().catch(() => {});
    const headers = finalHeaders(response, own.isOurs);
    const { status, statusText } = response;
    return new Response(isHead || status === 304 ? null : body, { status, statusText, headers });
  };
}

/** The body with each word replaced by what it stands for; `undefined` when one is not to be found. */
async function spliced(response: Response, { texts }: Splices): Promise<BodyInit | null | undefined> {
  if (texts.size === 0) return response.body;
  if (response.headers.has('content-encoding')) return undefined;
  const text = await response.text();
  const pieces: string[] = [];
  let at = 0;
  for (const [word, stored] of texts) {
    const found = text.indexOf(`"${word}"`, at);
    if (found < 0) return undefined;
    pieces.push(text.slice(at, found), stored);
    at = found + word.length + 2;
  }
  pieces.push(text.slice(at));
  return pieces.join('');
}

const ofBodies = ['content-type', 'content-length', 'content-encoding', 'content-language', 'transfer-encoding'];
const forSharedCaches = ['cdn-cache-control', 'cache-tag', 'edge-cache-tag', 'surrogate-key', 'vercel-cache-tag'];

function finalHeaders(response: Response, isOurs: boolean): Headers {
  const headers = new Headers(response.headers);
  if (isOurs && headers.has('set-cookie') && headers.get('cache-control') !== 'no-store') {
    headers.set('cache-control', 'private, no-cache'); // every reuse would set it again (RFC 9111 section 7.3)
    for (const name of forSharedCaches) headers.delete(name);
  }
  // RFC 9110 section 15.4.5.
  if (response.status === 304) for (const name of ofBodies) headers.delete(name);
  else headers.delete('content-length');
  return headers;
}
