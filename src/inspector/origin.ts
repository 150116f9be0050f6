// Docs: docs/inspector.md#safety

/** The header that carries the page's word. */
export const wordHeader = 'x-inspector-word';
/** The cookie that carries it, too: who cannot read this site's cookies cannot send both. */
export const wordCookie = 'trpc-cached-inspector';

/**
 * Why a request must not be acted upon; nothing for one that the page itself sent. Another site can neither send the header nor
 * JSON without being asked by the browser first (CORS), cannot forge `Sec-Fetch-Site`, and does not know the word.
 */
export function refusalOf(request: Request, origins: readonly string[]): string | undefined {
  const { headers } = request;
  if (!isJson(headers.get('content-type'))) return 'expected a body of application/json';
  if (!isSameOrigin(request, origins)) return foreign;
  if (!wordsIn(headers.get('cookie')).includes(headers.get(wordHeader) ?? ''))
    return 'the page is out of date: load it again';
  return undefined;
}

/** What somebody reads whose proxy does not say for whom it asks. */
export const foreign =
  'this request comes from another origin; if it does not, a proxy hides for whom it asks: let it hand the Host header on (nginx: proxy_set_header Host $host), or name the origin in the option `origins` of inspector';

/** Whether the browser, if it is one, says that a page of this very origin, or of one of `origins`, sent the request. */
export function isSameOrigin(request: Request, origins: readonly string[]): boolean {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  const origin = request.headers.get('origin');
  if (origin === null) return true; // no browser that matters; the word has still to fit
  if (origins.includes(origin)) return true;
  // The scheme may be another one behind a proxy.
  return hostOf(origin) === (request.headers.get('host') ?? hostOf(request.url));
}

/** Whether a text is an origin, as browsers write it. */
export function isOrigin(text: unknown): boolean {
  if (typeof text !== 'string' || !/^https?:/.test(text)) return false;
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}

const isJson = (type: string | null): boolean => /^application\/json(?:\s*;|$)/i.test(type ?? '');

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).host;
  } catch {
    return undefined;
  }
}

/** Every word among the cookies: one that was set for a path above may come along. */
export const wordsIn = (cookies: string | null): readonly string[] =>
  (cookies ?? '').split(';').flatMap((one) => {
    const [name = '', value = ''] = one.split('=').map((part) => part.trim());
    return name === wordCookie && /^[\w-]{20,}$/.test(value) ? [value] : [];
  });
