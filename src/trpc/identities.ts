// Docs: docs/performance.md
import type { LRUCache } from 'lru-cache';
import type { Wanted } from '../lookup.ts';
import { createLru } from '../lru.ts';
import type { Policy } from '../policy.ts';

/** What was made for a call, and of what beside the text it is known by. */
export interface Recalled {
  readonly policy: Policy;
  readonly seen: string;
  readonly by: 'parsed' | 'raw';
  readonly codecId: string;
  readonly space: string;
  readonly wanted: Wanted;
}

/** Keys and epoch names of recent calls: a call like an earlier one needs no new texts. */
export interface Identities {
  readonly get: (text: string) => Recalled | undefined;
  readonly set: (text: string, identity: Recalled) => void;
}

const most = 2_000;
const longest = 1_024; // characters: inputs come from clients

/** Bounded; allocates nothing before the first call. */
export function createIdentities(): Identities {
  let known: LRUCache<string, Recalled> | undefined;
  return {
    get: (text) => known?.get(text),
    set(text, identity) {
      if (text.length > longest) return;
      known ??= createLru(most);
      known.set(text, identity);
    },
  };
}
