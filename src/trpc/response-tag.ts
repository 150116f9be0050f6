// Docs: docs/http.md#etag-and-304
import type { Entry } from '../entry.ts';
import { type EtagParts, responseEtag } from '../http/etag.ts';

interface Known {
  readonly path: string | undefined;
  readonly salt: string;
  readonly strong: boolean;
  readonly etag: string;
}

const known = new WeakMap<Entry, Known>();

/** The entity tag of a response. That of a single entry is remembered: hashing it would be most of what a 304 costs. */
export function tagOfResponse(parts: EtagParts & { strong: boolean }, entries: readonly Entry[]): string {
  const { salt, strong, batch, calls } = parts;
  const entry = batch ? undefined : entries[0];
  if (entry === undefined) return responseEtag(parts);
  const path = calls[0]?.path;
  const last = known.get(entry);
  if (last !== undefined && last.path === path && last.salt === salt && last.strong === strong) return last.etag;
  const etag = responseEtag(parts);
  known.set(entry, { path, salt, strong, etag });
  return etag;
}
