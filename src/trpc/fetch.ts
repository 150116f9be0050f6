// Docs: docs/http.md#the-fetch-wrapper
import { randomId } from '../epochs.ts';
import { invalid, rejectUnknown } from '../errors.ts';
import { sharedFields } from '../http/cdn-fields.ts';

/** The options of `cache.fetch`. */
export interface FetchOptions {
  /** Answers HEAD as GET would, without the body (RFC 9110 section 9.3.2); tRPC itself says 204. @default false */
  readonly head?: boolean;
}

/** A fetch handler with whatever its runtime gives it beside the request. It answers nothing where that has taken over, as Bun does for WebSockets. */
export type FetchHandler<Rest extends readonly unknown[], Answer extends Response | undefined = Response> = (
  request: Request,
  ...rest: Rest
) => Answer | Promise<Answer>;

/** What the hooks leave for the wrapper that stands around the handler. */
export interface Splices {
  /** Stored bodies by the words that stand for them in that of the response. */
  readonly bodies: Map<string, Uint8Array>;
  /** What those words begin with. */
  readonly word: string;
  /** Whether the lifetimes of the response are ours. */
  isOurs: boolean;
  /** Whether it speaks to CDNs by them. */
  isForCdns: boolean;
}

/**
 * Puts the last hand to a response: stored bodies go into it as the texts they are, a 304 has nothing of a body's headers, and
 * a cookie that was set after tRPC had answered takes the lifetimes away. What needs none of this is handed on as it is.
 */
export function wrapFetch<Rest extends readonly unknown[], Answer extends Response | undefined>(
  handler: FetchHandler<Rest, Answer>,
  options: FetchOptions,
  splices: WeakMap<object, Splices>,
): (request: Request, ...rest: Rest) => Promise<Response | Extract<Answer, undefined>> {
  if (typeof handler !== 'function') throw invalid('fetch: handler', 'a function of a Request', handler);
  rejectUnknown(options, ['head'], 'fetch');
  type Last = Response | Extract<Answer, undefined>;
  // Random drawn once: for each request it would cost as much as the rest of a hit.
  let secret: string | undefined;
  let count = 0;
  const nextWord = () => `trpc-cached:${(secret ??= `${randomId()}${randomId()}`)}:${count++}`;
  return async (request, ...rest) => {
    const isHead = options.head === true && request.method === 'HEAD';
    const asked = isHead ? asGet(request) : request;
    if (asked.method !== 'GET') return handler(request, ...rest) as Promise<Last>;
    const own: Splices = { bodies: new Map(), word: nextWord(), isOurs: false, isForCdns: false };
    splices.set(asked, own);
    const finish = async (response: Answer, body?: Uint8Array<ArrayBuffer>) =>
      (response && (await finished(response, body, isHead, own.isOurs))) as Last;
    const response = await handler(asked, ...rest);
    // It would bring up to date what shared caches have, cookie and all (RFC 9111 section 3.2): the whole answer does not.
    if (response?.status === 304 && own.isForCdns && response.headers.has('set-cookie'))
      return finish(await handler(unconditional(asked), ...rest));
    if (!response || own.bodies.size === 0) return finish(response);
    const body = await spliced(response, own);
    if (body !== undefined) return finish(response, body);
    // Something compressed or rewrote it inside of us: the words are not found, and nobody may see them.
    splices.delete(asked);
    return finish(await handler(asked, ...rest));
  };
}

/** A request for the same by GET. It keeps its class, and what a framework or the runtime has put on it. */
function asGet(request: Request): Request {
  const asked = new Request(request, { method: 'GET' });
  Object.setPrototypeOf(asked, Object.getPrototypeOf(request));
  for (const name of Reflect.ownKeys(request)) {
    if (!Object.hasOwn(asked, name))
      Object.defineProperty(asked, name, Object.getOwnPropertyDescriptor(request, name) as PropertyDescriptor);
  }
  return asked;
}

/** The same request for whatever there is, held already or not. */
function unconditional(request: Request): Request {
  const asked = asGet(request);
  asked.headers.delete('if-none-match');
  return asked;
}

/** The body with each word replaced by what it stands for; `undefined` when one is not to be found. */
async function spliced(response: Response, { bodies }: Splices): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (response.headers.has('content-encoding')) return undefined;
  const text = await response.text();
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const [word, stored] of bodies) {
    const found = text.indexOf(`"${word}"`, at);
    if (found < 0) return undefined;
    pieces.push(utf8.encode(text.slice(at, found)), stored);
    at = found + word.length + 2;
  }
  pieces.push(utf8.encode(text.slice(at)));
  return joined(pieces);
}

const utf8 = new TextEncoder();

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const ofBodies = ['content-type', 'content-length', 'content-encoding', 'content-language', 'transfer-encoding'];

/** The response as it goes out, with another body if there is one: itself, where nothing is to be changed. */
async function finished(
  response: Response,
  body: Uint8Array<ArrayBuffer> | undefined,
  isHead: boolean,
  isOurs: boolean,
): Promise<Response> {
  const { status, statusText } = response;
  const isEmptied = isHead && response.body !== null;
  // A stream that nobody reads would go on.
  if (isEmptied && body === undefined) await response.body?.cancel().catch(() => {});
  const headers = new Headers(response.headers);
  let isChanged = isEmptied || body !== undefined;
  const remove = (name: string) => {
    isChanged ||= headers.has(name);
    headers.delete(name);
  };
  if (isOurs && headers.has('set-cookie') && headers.get('cache-control') !== 'no-store') {
    headers.set('cache-control', 'private, no-cache'); // every reuse would set it again (RFC 9111 section 7.3)
    isChanged = true;
    sharedFields.forEach(remove);
  }
  if (status === 304) ofBodies.forEach(remove); // RFC 9110 section 15.4.5
  if (body !== undefined) remove('content-length');
  if (!isChanged) return response;
  return new Response(isHead || status === 304 ? null : (body ?? response.body), { status, statusText, headers });
}
