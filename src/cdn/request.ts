// Docs: docs/http.md#purge-adapters
import { CacheError, invalid, rejectUnknown } from '../errors.ts';

/** What every adapter takes beside the names and the token of its CDN. */
export interface PurgeApiOptions {
  /** Sends the requests. @default the global `fetch` */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Where the API is; another one for tests. @default the CDN's own */
  readonly baseUrl?: string;
}

/** An API that purges. Its errors name neither the token nor anything else of the request. */
export interface PurgeApi {
  /** Sends a POST; throws unless the answer is a success. */
  readonly post: (path: string, headers: Record<string, string>, body?: object) => Promise<Response>;
  readonly fail: (reason: string) => Error;
}

// So that nobody waits for ever; who called has answered before.
const longestMs = 10_000;

/** The API of a CDN, its options checked: `names` are those that must be texts, `token` among them. */
export function purgeApi(
  who: string,
  options: PurgeApiOptions & { readonly token: string },
  names: readonly string[],
  optional: readonly string[],
  apiUrl: string,
): PurgeApi {
  if (typeof options !== 'object' || options === null) throw invalid(`${who}: options`, 'an object', options);
  rejectUnknown(options, [...names, ...optional, 'fetch', 'baseUrl'], who);
  const given = options as unknown as Record<string, unknown>;
  for (const name of names) {
    if (typeof given[name] === 'string' && /^[\x21-\x7e]+$/.test(given[name])) continue;
    // Never shown: it may be the token, or hold it.
    const kind = given[name] === '' ? 'an empty text' : typeof given[name];
    throw new CacheError(
      'INVALID_OPTION',
      `${who}: ${name}: expected a text without spaces, received ${kind === 'string' ? 'one with other characters' : kind}.`,
    );
  }
  const { baseUrl = apiUrl } = options;
  if (typeof baseUrl !== 'string' || !/^https?:\/\//.test(baseUrl)) throw invalid(`${who}: baseUrl`, 'a URL', baseUrl);
  if (options.fetch !== undefined && typeof options.fetch !== 'function')
    throw invalid(`${who}: fetch`, 'a function', options.fetch);
  const send = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const fail = (reason: string) => new Error(`${who}: ${reason}`);
  return {
    fail,
    async post(path, headers, body) {
      let response: Response;
      try {
        response = await send(`${baseUrl.replace(/\/+$/, '')}${path}`, {
          method: 'POST',
          headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers },
          ...(body && { body: JSON.stringify(body) }),
          // Another host must not get the token.
          redirect: 'manual',
          signal: AbortSignal.timeout(longestMs),
        });
      } catch (error) {
        // What a fetch says of its request may hold the token.
        throw fail(`the request failed (${error instanceof Error ? error.name : typeof error})`);
      }
      if (response.ok) return response;
      await response.body?.cancel();
      throw fail(`the API answered ${response.status}`);
    },
  };
}

/** Lists no longer than the API takes in one request, in number and in characters, a separator each included. */
export function* batches(
  tags: readonly string[],
  most: number,
  longest = Number.POSITIVE_INFINITY,
): Generator<string[]> {
  let batch: string[] = [];
  let length = 0;
  for (const tag of new Set(tags)) {
    if (batch.length > 0 && (batch.length === most || length + tag.length + 1 > longest)) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(tag);
    length += tag.length + 1;
  }
  if (batch.length > 0) yield batch;
}
