// Docs: docs/clients.md#without-an-http-cache
import { isToken } from '../http/token.ts';

/** A 200 that may be shown again. Of its body the text: nobody who was given it can change it for others. */
export interface Copy {
  readonly etag: string;
  readonly text: string;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
  /** The request headers that the answer depends on, as they were. */
  readonly vary: readonly (readonly [string, string | null])[];
  /** All request headers, as one text. */
  readonly asked: string;
  /** When the request was sent and when its answer came, in milliseconds of the wall clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** The place of the request among all: an answer to an earlier one must not take the place of a later one's. */
  readonly order: number;
}

// RFC 9111 section 3.1: what belongs to one connection. Cookies are for whoever was sent them, once.
const neverKept = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
// Section 3.2: these describe the body, and that of a 304 is not the one that is kept.
const ofTheBody = ['content-encoding', 'content-length', 'content-range', 'content-type'];

/** The headers of an answer as they are kept. */
export function keptHeaders(headers: Headers): Headers {
  const kept = new Headers(headers);
  const connection = (headers.get('connection') ?? '').split(',').map((name) => name.trim());
  // The text is decoded: whoever sends the answer on must not say otherwise.
  const decoded = headers.has('content-encoding') ? ['content-encoding', 'content-length'] : [];
  for (const name of [...neverKept, ...decoded, ...connection.filter(isToken)]) kept.delete(name);
  return kept;
}

/**
 * The headers of a kept answer, renewed by those of a 304 (RFC 9111 section 3.2). Equal tags say that the bodies are equal, not
 * that the headers are: of an answer to other request headers, only what describes the body is taken over.
 */
export function renewedHeaders(kept: Headers, by: Headers, isSameRequest: boolean): Headers {
  const renewed = new Headers([...kept].filter(([name]) => isSameRequest || ofTheBody.includes(name)));
  for (const [name, value] of keptHeaders(by)) if (!ofTheBody.includes(name)) renewed.set(name, value);
  return renewed;
}

/** What stands in a `Cache-Control`, by name; a directive that is there twice with two values has none. */
export function directivesOf(headers: Headers): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  const text = headers.get('cache-control') ?? '';
  for (const [, name = '', value] of text.matchAll(/([!#$%&'*+\-.^_`|~\w]+)(?:=("(?:[^"\\]|\\.)*"|[^\s,]*))?[^,"]*/g)) {
    const [directive, given] = [name.toLowerCase(), value?.replace(/^"(.*)"$/, '$1')];
    found.set(directive, found.has(directive) && found.get(directive) !== given ? undefined : given);
  }
  return found;
}

/** For how many more seconds a copy may be shown without asking, and how old it is (RFC 9111 section 4.2). */
export function freshnessOf(copy: Copy, now: number): { readonly left: number; readonly age: number } {
  const { headers, sentAt, receivedAt } = copy;
  const date = Date.parse(headers.get('date') ?? '');
  const served = Number.isNaN(date) ? receivedAt : date;
  const apparent = Math.max(0, (receivedAt - served) / 1_000);
  const corrected = secondsOf(headers.get('age')) + (receivedAt - sentAt) / 1_000;
  const age = Math.max(apparent, corrected) + (now - receivedAt) / 1_000;
  const directives = directivesOf(headers);
  // A clock that went back tells nothing of how old this is.
  if (directives.has('no-cache') || now < receivedAt) return { left: 0, age };
  const lifetime = directives.has('max-age')
    ? secondsOf(directives.get('max-age'))
    : (Date.parse(headers.get('expires') ?? '') - served) / 1_000 || 0;
  return { left: lifetime - age, age };
}

const secondsOf = (text: string | null | undefined): number => (/^\d+$/.test(text ?? '') ? Number(text) : 0);
