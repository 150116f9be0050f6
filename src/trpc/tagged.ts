// Docs: docs/http.md#cdn
import { cdnTagsOf } from '../cdn-tags.ts';
import { dependsOn } from '../entry.ts';
import type { Emitter } from '../events.ts';
import { type Lifetime, withdrawShared } from '../http/cache-control.ts';
import { type CdnDialect, tagHeaders } from '../http/tag-headers.ts';
import type { ComposedHeaders } from './headers.ts';
import type { Member } from './member.ts';

/** The tags of a response that a CDN may keep by the policies of its calls; none of any other. */
export function sharedTags(members: readonly Pick<Member, 'entry' | 'policy'>[]): string[] {
  const isShared = members.every(
    ({ policy: { scope, http } }) => scope === 'public' && http !== false && http.cdnMs !== undefined,
  );
  return isShared ? cdnTagsOf(members.flatMap(({ entry }) => dependsOn(entry))) : [];
}

/**
 * Adds the tags of a response that shared caches may keep. What a CDN would not read whole could not be purged: then nobody
 * but the client may keep it, and the lifetime says so.
 */
export function tagged(
  lifetime: Lifetime,
  tags: readonly string[],
  dialects: readonly CdnDialect[],
  headers: ComposedHeaders,
  emitter: Emitter,
): Lifetime {
  if (dialects.length === 0 || !lifetime.shared || lifetime.cdnSeconds === undefined) return lifetime;
  try {
    for (const [name, value] of tagHeaders(dialects, tags, headers.get)) headers.replace(name, value);
    return lifetime;
  } catch (error) {
    emitter.emit('error', { operation: 'http', error });
    return withdrawShared(lifetime);
  }
}
