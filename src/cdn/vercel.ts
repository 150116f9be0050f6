// Docs: docs/http.md#purge-adapters
import { invalid } from '../errors.ts';
import { cdnTag } from '../http/tag-headers.ts';
import type { Purge } from '../purge.ts';
import { batches, type PurgeApiOptions, purgeApi } from './request.ts';

/** The options of {@link vercelPurge}. */
export interface VercelPurgeOptions extends PurgeApiOptions {
  /** The id or the name of the project. */
  readonly projectId: string;
  /** An access token that may purge the cache of the project. */
  readonly token: string;
  /** The team that the project belongs to. @default the owner of the token */
  readonly teamId?: string;
  /** Only the deployments of one environment. @default both */
  readonly target?: 'production' | 'preview';
}

// Of one request; the documentation of the API limits texts, not lists.
const most = 16;

/**
 * A `purge` hook for Vercel, by `POST /v1/edge-cache/dangerously-delete-by-tags`: what Vercel calls invalidation would show the
 * old answer once more, so that is for `mode: 'expire'` (`/v1/edge-cache/invalidate-by-tags`).
 *
 * @throws CacheError `INVALID_OPTION` for an option that is missing or wrong.
 * @example
 * ```ts
 * import { createCache } from 'trpc-cached';
 * import { vercelPurge } from 'trpc-cached/cdn';
 *
 * declare const env: { PROJECT: string; TOKEN: string };
 * createCache({
 *   scope: 'public',
 *   http: { cdnTags: 'vercel' },
 *   purge: vercelPurge({ projectId: env.PROJECT, token: env.TOKEN }),
 * });
 * ```
 */
export function vercelPurge(options: VercelPurgeOptions): Purge {
  const names = ['projectId', 'token', ...(options?.teamId === undefined ? [] : ['teamId'])];
  const api = purgeApi('vercelPurge', options, names, ['teamId', 'target'], 'https://api.vercel.com');
  const { projectId, token, teamId, target } = options;
  if (target !== undefined && target !== 'production' && target !== 'preview')
    throw invalid('vercelPurge: target', "'production' or 'preview'", target);
  const query = new URLSearchParams({ projectIdOrName: projectId, ...(teamId !== undefined && { teamId }) });
  return async (tags, { mode }) => {
    const operation = mode === 'expire' ? 'invalidate-by-tags' : 'dangerously-delete-by-tags';
    const carried = tags.map((tag) => cdnTag('vercel', tag));
    for (const some of batches(carried, most)) {
      const path = `/v1/edge-cache/${operation}?${query}`;
      const body = { tags: some, ...(target !== undefined && { target }) };
      const response = await api.post(path, { authorization: `Bearer ${token}` }, body);
      await response.body?.cancel();
    }
  };
}
