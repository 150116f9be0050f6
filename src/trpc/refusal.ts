// Docs: docs/http.md#what-is-sent-when
import { sharedFields } from '../http/cdn-fields.ts';
import type { HttpSettings } from '../http-options.ts';
import type { ComposedHeaders } from './headers.ts';

/**
 * Lets nobody keep a response: `no-store`, and nothing beside it that CDNs obey over that. Fastly takes `no-store` as meant for
 * browsers, and keeps a 404 that says nothing else for an hour; `private` it obeys.
 */
export function refuse(headers: ComposedHeaders, { cdnTags }: Pick<HttpSettings, 'cdnTags'>): void {
  for (const name of ['etag', 'age', ...sharedFields]) headers.remove(name);
  headers.replace('cache-control', cdnTags.includes('fastly') ? 'private, no-store' : 'no-store');
}
