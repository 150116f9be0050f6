import type { IncomingMessage } from 'node:http';

/** Why a request is not answered. */
export interface Refusal {
  status: number;
  why: string;
}

/**
 * This app has users without passwords, a button that empties the cache, and an inspector that anybody may open: it is for whoever
 * sits at this machine. To listen on `localhost` is not enough for that, as the browser there also opens pages of other sites.
 */
export function refusalOf({ method = 'GET', headers }: IncomingMessage): Refusal | undefined {
  // Somebody else's name may lead here (DNS rebinding): for the browser their page is then of this very site.
  if (!isOurs(headers.host)) return { status: 403, why: 'This app answers to the name localhost alone.' };
  // Other sites may send a form. Before they send JSON, the browser asks, and nobody here allows it.
  if (
    !['GET', 'HEAD', 'OPTIONS'].includes(method) &&
    !/^application\/json *(?:;|$)/i.test(headers['content-type'] ?? '')
  )
    return { status: 415, why: 'A body has to be JSON.' };
  return undefined;
}

const isOurs = (host = '') => /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host);
