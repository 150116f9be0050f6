// Docs: docs/performance.md
import { LRUCache } from 'lru-cache';

const one = () => 1;

/**
 * The last so many of something. It grows as it is filled: told `max` instead, LRUCache allocates and fills
 * its whole room at once, which is 1.5 ms and 250 kB for 10,000 that a cold isolate may never hold.
 */
export function createLru<V extends object | string>(most: number, dispose?: () => void): LRUCache<string, V> {
  return new LRUCache<string, V>({ maxSize: most, sizeCalculation: one, ...(dispose && { dispose }) });
}
