import type { Entry } from '../../src/entry.ts';
import { expiredId } from '../../src/epochs.ts';
import { readEntry, writeEntry } from '../../src/frame.ts';
import type {
  FillAnswer,
  FillRequest,
  Lease,
  LeaseAnswer,
  LookupAnswer,
  LookupRequest,
  Mode,
} from '../../src/store.ts';

/** How a server can be wrong, to see that the explorer sees it. */
export type ServerBug =
  | 'fills whatever moved on'
  | 'plants in the fill, not in the lookup'
  | 'writes an id again when a request comes twice'
  | 'counts from one where an epoch is missing'
  | 'tells nothing of its runs';

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

interface Memory {
  readonly epochs: Map<string, string>;
  readonly entries: Map<string, Kept<string>>;
  readonly leases: Map<string, Kept<string>>;
}

const nothing = (): Memory => ({ epochs: new Map(), entries: new Map(), leases: new Map() });
const copyOf = ({ epochs, entries, leases }: Memory): Memory => ({
  epochs: new Map(epochs),
  entries: new Map(entries),
  leases: new Map(leases),
});

/** A server as the scripts of src/stores/scripts.ts make one: each operation is atomic. */
export interface Server {
  /** A number for a request: one that is sent again has the same. */
  readonly ticket: () => number;
  readonly lookup: (request: LookupRequest, ticket: number) => LookupAnswer;
  readonly fill: (request: FillRequest) => FillAnswer;
  readonly advance: (epochs: readonly string[], mode: Mode | undefined, ticket: number) => void;
  readonly lease: (lease: Lease, key: string, keepMs: number) => LeaseAnswer;
  readonly release: (lease: Lease, aloneMs?: number) => void;
  /** Whether a lookup of these epochs would plant none. */
  readonly knows: (epochs: readonly string[]) => boolean;
  /** Every key it holds, in one order. */
  readonly keys: () => string[];
  readonly evict: (key: string) => void;
  readonly lose: () => void;
  readonly snapshot: () => void;
  readonly restart: () => void;
  /** Told of every epoch that moved on. */
  readonly moved: Set<(epochs: readonly string[]) => void>;
}

/** A server with nothing in it. */
export function createServer(bug?: ServerBug): Server {
  let memory = nothing();
  let saved = nothing();
  let run = 1;
  // The server's time and the client's random together: never the same again, whatever the server forgets.
  let time = 0;
  let tickets = 0;
  const counts = bug === 'counts from one where an epoch is missing';
  const again = bug === 'writes an id again when a request comes twice';
  const plantsInFill = bug === 'plants in the fill, not in the lookup';
  const freshId = (ticket: number) => (counts ? '1' : String((again ? ticket : ++time + 500_000) * 1_000));
  const read = (name: string): string | undefined => {
    const id = memory.epochs.get(name);
    const inThisRun = name.endsWith(':e:all') && bug !== 'tells nothing of its runs';
    return id !== undefined && inThisRun ? `${id}@${run}` : id;
  };
  const release = ({ name, token }: Lease, aloneMs = 0) => {
    if (memory.leases.get(name)?.value !== token) return;
    if (aloneMs > 0) memory.leases.set(name, { value: 'alone', until: Date.now() + aloneMs });
    else memory.leases.delete(name);
  };
  const moved: Server['moved'] = new Set();
  const entryAt = (key: string): Entry | undefined => {
    const kept = memory.entries.get(key);
    return kept !== undefined && kept.until > Date.now() ? readEntry(kept.value) : undefined;
  };

  return {
    moved,
    ticket: () => ++tickets,
    lookup({ key, epochs, held }, ticket) {
      const ids = epochs.map((name) => {
        if (!plantsInFill && !memory.epochs.has(name)) memory.epochs.set(name, freshId(ticket));
        return read(name) ?? 'none yet';
      });
      const found = key === undefined ? undefined : entryAt(key);
      const entry = held !== undefined && found?.id === held.id ? undefined : found;
      return { ids, entry, own: ((entry ?? held)?.epochs ?? []).map(read) };
    },
    fill({ entry, unchanged, keepMs, lease }) {
      if (lease !== undefined) release(lease);
      let kept = entry;
      for (const [name, id] of unchanged) {
        if (plantsInFill && read(name) === undefined) memory.epochs.set(name, freshId(0));
        if (bug === 'fills whatever moved on' || (plantsInFill && id === 'none yet')) continue;
        if (read(name) !== id) return 'invalidated';
      }
      if (plantsInFill || bug === 'fills whatever moved on')
        kept = { ...entry, ids: entry.epochs.map((name) => read(name) ?? '') };
      memory.entries.set(entry.key, { value: writeEntry(kept), until: Date.now() + keepMs });
      return 'stored';
    },
    advance(epochs, mode, ticket) {
      for (const name of epochs) {
        const id = memory.epochs.get(name) ?? freshId(ticket);
        const hard = id.replace(/~.*/, '');
        const next = mode === 'expire' ? expiredId(id, freshId(ticket)) : String(Number(hard) + 1);
        memory.epochs.set(name, again ? freshId(ticket) : counts && !memory.epochs.has(name) ? '1' : next);
      }
      for (const tell of moved) tell(epochs);
    },
    lease({ name, token, waitsFor }, key, keepMs) {
      if (waitsFor === 'entry' && entryAt(key) !== undefined) return 'there';
      const held = memory.leases.get(name);
      if (held !== undefined && held.until > Date.now() && held.value !== token)
        return held.value === 'alone' ? 'alone' : 'taken';
      if (waitsFor === 'holder' && held?.value !== token && entryAt(key) !== undefined) return 'there';
      memory.leases.set(name, { value: token, until: Date.now() + keepMs });
      return entryAt(key) === undefined ? 'leased' : 'stored';
    },
    release,
    knows: (epochs) => epochs.every((name) => memory.epochs.has(name)),
    keys: () => [...memory.entries.keys(), ...memory.epochs.keys()].sort(),
    evict(key) {
      memory.entries.delete(key);
      memory.epochs.delete(key);
    },
    lose() {
      memory = nothing();
      run += 1;
    },
    snapshot() {
      saved = copyOf(memory);
    },
    restart() {
      memory = copyOf(saved);
      run += 1;
    },
  };
}
