// Docs: docs/clients.md#without-an-http-cache
import { LRUCache } from 'lru-cache';
import type { Copy } from './stored.ts';

/** The copies of one client, bounded: by URL and credentials, and of each the variants that differ by headers of `Vary`. */
export interface Copies {
  readonly find: (place: string, headers: Headers) => Copy | undefined;
  /** Unless a later request has brought another one meanwhile. */
  readonly put: (place: string, copy: Copy) => void;
  readonly forget: (place: string, copy: Copy) => void;
  /** Forgets every copy whose place begins so. */
  readonly forgetAll: (start: string) => void;
}

// Languages, as a rule. The one that was asked for longest ago goes first.
const mostVariants = 8;

/** Room for so many bytes and so many places. */
export function createCopies(maxBytes: number, maxEntries: number): Copies {
  const kept = new LRUCache<string, readonly Copy[]>({
    max: maxEntries,
    maxSize: maxBytes,
    // Above the bound it is refused, and takes the place's older copies with it.
    sizeCalculation: (copies, place) =>
      Math.min(
        copies.reduce((sum, copy) => sum + bytesOf(copy), 2 * place.length),
        maxBytes + 1,
      ),
  });
  const isFor = (copy: Copy, headers: Headers) => copy.vary.every(([name, value]) => headers.get(name) === value);
  const isVariantOf = (one: Copy, other: Copy) => JSON.stringify(one.vary) === JSON.stringify(other.vary);

  function set(place: string, copies: readonly Copy[]): void {
    if (copies.length === 0) kept.delete(place);
    else kept.set(place, copies);
  }

  return {
    find: (place, headers) => kept.get(place)?.find((copy) => isFor(copy, headers)),
    put(place, copy) {
      const copies = kept.peek(place) ?? [];
      if (copies.some((other) => isVariantOf(other, copy) && other.order > copy.order)) return;
      set(place, [copy, ...copies.filter((other) => !isVariantOf(other, copy))].slice(0, mostVariants));
    },
    forget: (place, copy) =>
      set(
        place,
        (kept.peek(place) ?? []).filter((other) => other !== copy),
      ),
    forgetAll(start) {
      for (const place of [...kept.keys()]) if (place.startsWith(start)) kept.delete(place);
    },
  };
}

/** What a copy takes, roughly: two bytes for a character. */
function bytesOf({ text, url, headers, vary, asked }: Copy): number {
  const characters = [...headers, ...vary].reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 0);
  return 2 * (text.length + url.length + asked.length + characters) + 200;
}
