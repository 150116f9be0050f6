// Docs: docs/http.md#purge-adapters
import { cdnTag } from '../http/tag-headers.ts';
import type { Purge } from '../purge.ts';
import { batches, type PurgeApiOptions, purgeApi } from './request.ts';

/** The options of {@link fastlyPurge}. */
export interface FastlyPurgeOptions extends PurgeApiOptions {
  /** The service that delivers the API. */
  readonly serviceId: string;
  /** An API token with the scope `purge_select`. */
  readonly token: string;
}

// Keys of one request, and characters of its header.
const most = 256;
const longest = 16_000;

/**
 * A `purge` hook for Fastly, by `POST /service/{service_id}/purge`; a soft purge with `mode: 'expire'`.
 *
 * @throws CacheError `INVALID_OPTION` for an option that is missing or wrong.
 * @example
 * ```ts
 * import { createCache } from 'trpc-cached';
 * import { fastlyPurge } from 'trpc-cached/cdn';
 *
 * declare const env: { SERVICE: string; TOKEN: string };
 * createCache({
 *   scope: 'public',
 *   http: { cdnTags: 'fastly' },
 *   purge: fastlyPurge({ serviceId: env.SERVICE, token: env.TOKEN }),
 * });
 * ```
 */
export function fastlyPurge(options: FastlyPurgeOptions): Purge {
  const api = purgeApi('fastlyPurge', options, ['serviceId', 'token'], [], 'https://api.fastly.com');
  const { serviceId, token } = options;
  const path = `/service/${encodeURIComponent(serviceId)}/purge`;
  return async (tags, { mode }) => {
    const carried = tags.map((tag) => cdnTag('fastly', tag));
    for (const some of batches(carried, most, longest)) {
      const soft = mode === 'expire' ? { 'fastly-soft-purge': '1' } : {};
      const response = await api.post(path, { 'fastly-key': token, 'surrogate-key': some.join(' '), ...soft });
      await response.body?.cancel();
    }
  };
}
