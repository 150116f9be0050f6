/** A map bounded by bytes and by entries, as `memoryStore` is: the least recently used goes first. */
export interface Lru<T> {
  readonly get: (key: number) => T | undefined;
  readonly set: (key: number, value: T, bytes: number) => void;
  readonly delete: (key: number) => void;
  readonly size: number;
}

/** A `Map` keeps the order of insertion: what is used is taken out and put back behind all others. */
export function createLru<T>(maxBytes: number, maxEntries: number): Lru<T> {
  const kept = new Map<number, { readonly value: T; readonly bytes: number }>();
  let used = 0;
  const drop = (key: number) => {
    const one = kept.get(key);
    if (one === undefined) return;
    used -= one.bytes;
    kept.delete(key);
  };
  return {
    get(key) {
      const one = kept.get(key);
      if (one === undefined) return undefined;
      kept.delete(key);
      kept.set(key, one);
      return one.value;
    },
    set(key, value, bytes) {
      drop(key);
      if (bytes > maxBytes) return;
      kept.set(key, { value, bytes });
      used += bytes;
      for (const oldest of kept.keys()) {
        if (used <= maxBytes && kept.size <= maxEntries) break;
        drop(oldest);
      }
    },
    delete: drop,
    get size() {
      return kept.size;
    },
  };
}
