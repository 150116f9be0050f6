// Docs: docs/clients.md#without-an-http-cache

/** A request that may be answered by a copy. */
export interface Asked {
  /** Its URL and credentials: nobody is ever shown the copy of another. */
  readonly place: string;
  readonly headers: Headers;
  /** All headers as one text: an API key may be in any of them. */
  readonly all: string;
  /** Whether a copy may be shown without asking, if the client wants that at all. */
  readonly takesFresh: boolean;
}

// Whoever sends one of these reads the answer in a way of his own (RFC 9110 sections 13.1 and 14.2).
const conditions = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range', 'range'];
const asStream = /application\/jsonl|text\/event-stream/i;

/** The URL of a request, without what is never sent. */
export const urlOf = (input: string | URL | Request): string =>
  (typeof input === 'string' ? input : 'href' in input ? input.href : input.url).split('#')[0] ?? '';

/** The method of a request. */
export const methodOf = (input: string | URL | Request, init: RequestInit | undefined): string =>
  (init?.method ?? (isRequest(input) ? input.method : 'GET')).toUpperCase();

/** The start of the places of a URL. */
export const startOf = (url: string): string => `[${JSON.stringify(url)},`;

/** What is asked for; nothing for requests whose answers are passed on as they are. */
export function askedFor(input: string | URL | Request, init: RequestInit | undefined): Asked | undefined {
  if (methodOf(input, init) !== 'GET') return undefined;
  const mode = init?.cache ?? (isRequest(input) ? input.cache : undefined) ?? 'default';
  if (mode === 'no-store' || mode === 'reload' || mode === 'only-if-cached') return undefined;
  const headers = new Headers(init?.headers ?? (isRequest(input) ? input.headers : undefined));
  if (conditions.some((name) => headers.has(name))) return undefined;
  // `httpBatchStreamLink` may name its header otherwise; its value is what counts.
  if ([...headers.values()].some((value) => asStream.test(value))) return undefined;
  const control = headers.get('cache-control') ?? '';
  if (/no-store|only-if-cached/i.test(control)) return undefined;
  const who = ['authorization', 'cookie'].map((name) => headers.get(name));
  const credentials = init?.credentials ?? (isRequest(input) ? input.credentials : null);
  return {
    place: `${startOf(urlOf(input))}${JSON.stringify([...who, credentials]).slice(1)}`,
    headers,
    all: JSON.stringify([...headers]),
    takesFresh: mode === 'default' && control === '' && !headers.has('pragma'),
  };
}

const isRequest = (input: string | URL | Request): input is Request => typeof input === 'object' && !('href' in input);
