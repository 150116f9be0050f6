// Docs: docs/http.md#purge-adapters
import { invalid } from '../errors.ts';
import { cdnTag } from '../http/tag-headers.ts';
import type { Purge } from '../purge.ts';
import { batches, type PurgeApiOptions, purgeApi } from './request.ts';

/** The options of {@link cloudflarePurge}. */
export interface CloudflarePurgeOptions extends PurgeApiOptions {
  /** The zone, as its overview page shows it. */
  readonly zoneId: string;
  /** An API token that may purge the cache of the zone. */
  readonly token: string;
  /** How many tags a request has; a plan may allow fewer. @default 100 */
  readonly tagsPerRequest?: number;
}

/**
 * A `purge` hook for Cloudflare, by `POST /zones/{zone_id}/purge_cache`. It removes also with `mode: 'expire'`.
 *
 * @throws CacheError `INVALID_OPTION` for an option that is missing or wrong.
 * @example
 * ```ts
 * import { createCache } from 'trpc-cached';
 * import { cloudflarePurge } from 'trpc-cached/cdn';
 *
 * declare const env: { ZONE: string; TOKEN: string };
 * createCache({
 *   scope: 'public',
 *   http: { cdnTags: 'cloudflare' },
 *   purge: cloudflarePurge({ zoneId: env.ZONE, token: env.TOKEN }),
 * });
 * ```
 */
export function cloudflarePurge(options: CloudflarePurgeOptions): Purge {
  const api = purgeApi(
    'cloudflarePurge',
    options,
    ['zoneId', 'token'],
    ['tagsPerRequest'],
    'https://api.cloudflare.com/client/v4',
  );
  const { zoneId, token, tagsPerRequest = 100 } = options;
  if (!Number.isInteger(tagsPerRequest) || tagsPerRequest < 1)
    throw invalid('cloudflarePurge: tagsPerRequest', 'a whole number from 1', tagsPerRequest);
  const path = `/zones/${encodeURIComponent(zoneId)}/purge_cache`;
  return async (tags) => {
    const carried = tags.map((tag) => cdnTag('cloudflare', tag));
    for (const some of batches(carried, tagsPerRequest)) {
      const response = await api.post(path, { authorization: `Bearer ${token}` }, { tags: some });
      const answer: unknown = await response.json().catch(() => undefined);
      if ((answer as { success?: unknown } | undefined)?.success !== true)
        throw api.fail('the API reported no success');
    }
  };
}
