import type { Entry, LookupRequest, Mode } from '../../src/index.ts';
import { SmallStore } from './small-store.ts';

/** A small store that remembers ids in its process, and forgets those that it moves on itself. */
class RememberingStore extends SmallStore {
  protected readonly remembered = new Map<string, string>();
  protected known(name: string): string | undefined {
    const id = this.remembered.get(name) ?? this.ids.get(name);
    if (id !== undefined) this.remembered.set(name, id);
    return id;
  }
  protected override own(entry: Entry) {
    return entry.epochs.map((name) => this.known(name));
  }
  override lookup = ({ key, epochs }: LookupRequest) => {
    this.reach();
    const ids = epochs.map((name) => this.known(name) ?? this.plant(name));
    const entry = this.find(key);
    return { ids, entry, own: entry === undefined ? [] : this.own(entry) };
  };
  override advance = (names: readonly string[], mode?: Mode) => {
    this.reach();
    for (const name of names) {
      this.remembered.delete(name);
      this.ids.set(name, this.moved(name, mode));
    }
  };
  override readonly evict = (...names: string[]) => {
    for (const name of names) for (const kept of [this.ids, this.entries, this.remembered]) kept.delete(name);
  };
}

/** Bugs that one process alone does not show. */
export const wrongProcesses: Record<string, () => SmallStore> = {
  'ids are remembered in the process': () => new RememberingStore(),

  'the ids of entries are remembered in the process': () =>
    new (class extends RememberingStore {
      override lookup = ({ key, epochs }: LookupRequest) => {
        this.reach();
        const ids = epochs.map((name) => this.ids.get(name) ?? this.plant(name));
        const entry = this.find(key);
        return { ids, entry, own: entry === undefined ? [] : this.own(entry) };
      };
    })(),

  'a process has data of its own': () =>
    new (class extends SmallStore {
      override over() {
        return this;
      }
      protected override newId() {
        return crypto.randomUUID();
      }
    })(),
};
