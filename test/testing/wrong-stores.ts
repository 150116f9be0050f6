import type { Entry, FillRequest, LookupRequest, Mode } from '../../src/index.ts';
import { SmallStore, turn } from './small-store.ts';

/** Each bug that was planted, with the store that has it. */
export const wrongStores: Record<string, () => SmallStore> = {
  'an id is used again after an eviction': () =>
    new (class extends SmallStore {
      private versions = new Map<string, number>();
      protected override plant(name: string) {
        this.ids.set(name, '0');
        return '0';
      }
      protected override moved(name: string) {
        this.versions.set(name, (this.versions.get(name) ?? 0) + 1);
        return String(this.versions.get(name));
      }
    })(),

  'moving on twice comes back to where it was': () =>
    new (class extends SmallStore {
      protected override moved(name: string) {
        return this.ids.get(name) === 'a' ? 'b' : 'a';
      }
    })(),

  'a lookup writes new ids over those that are there': () =>
    new (class extends SmallStore {
      override lookup = ({ key, epochs }: LookupRequest) => {
        const entry = this.find(key);
        return { ids: epochs.map((name) => this.plant(name)), entry, own: entry === undefined ? [] : this.own(entry) };
      };
    })(),

  'two lookups at once plant over each other': () =>
    new (class extends SmallStore {
      override lookup = async ({ key, epochs }: LookupRequest) => {
        const known = epochs.map((name) => this.ids.get(name));
        await turn();
        const ids = epochs.map((name, index) => known[index] ?? this.plant(name));
        const entry = this.find(key);
        return { ids, entry, own: entry === undefined ? [] : this.own(entry) };
      };
    })(),

  'a fill ignores epochs that moved on': () =>
    new (class extends SmallStore {
      protected override isUnchanged() {
        return true;
      }
    })(),

  'a fill checks its first epoch only': () =>
    new (class extends SmallStore {
      protected override isUnchanged([first]: FillRequest['unchanged']) {
        return first === undefined || this.ids.get(first[0]) === first[1];
      }
    })(),

  'a fill takes an epoch that is missing for unchanged': () =>
    new (class extends SmallStore {
      protected override isUnchanged(unchanged: FillRequest['unchanged']) {
        return unchanged.every(([name, id]) => (this.ids.get(name) ?? id) === id);
      }
    })(),

  'a fill writes the ids again to let them live longer': () =>
    new (class extends SmallStore {
      override fill = async ({ entry, unchanged, keepMs, lease }: FillRequest) => {
        if (lease !== undefined) this.release(lease);
        if (!this.isUnchanged(unchanged)) return 'invalidated';
        await turn();
        for (const [name, id] of unchanged) this.ids.set(name, id);
        this.entries.set(entry.key, { entry, until: Date.now() + keepMs });
        return 'stored';
      };
      override advance = async (names: readonly string[]) => {
        await turn();
        for (const name of names) this.ids.set(name, this.newId());
      };
    })(),

  'a fill that is refused has written already': () =>
    new (class extends SmallStore {
      override fill = ({ entry, unchanged, keepMs, lease }: FillRequest) => {
        if (lease !== undefined) this.release(lease);
        this.entries.set(entry.key, { entry, until: Date.now() + keepMs });
        return this.isUnchanged(unchanged) ? 'stored' : 'invalidated';
      };
    })(),

  'a fill keeps the first entry of a key': () =>
    new (class extends SmallStore {
      override fill = ({ entry, unchanged, keepMs, lease }: FillRequest) => {
        if (lease !== undefined) this.release(lease);
        if (!this.isUnchanged(unchanged)) return 'invalidated';
        if (this.find(entry.key) === undefined) this.entries.set(entry.key, { entry, until: Date.now() + keepMs });
        return 'stored';
      };
    })(),

  'moving on forgets one of many': () =>
    new (class extends SmallStore {
      override advance = (names: readonly string[]) => {
        for (const name of names.slice(0, 99)) this.ids.set(name, this.newId());
      };
    })(),

  'moving on moves everything': () =>
    new (class extends SmallStore {
      override advance = () => {
        for (const name of this.ids.keys()) this.ids.set(name, this.newId());
      };
    })(),

  'moving on confirms before it is done': () =>
    new (class extends SmallStore {
      override advance = (names: readonly string[]) => {
        setTimeout(() => {
          for (const name of names) this.ids.set(name, this.newId());
        }, 5);
      };
    })(),

  'own ids come in the wrong order': () =>
    new (class extends SmallStore {
      protected override own(entry: Entry) {
        return super.own(entry).reverse();
      }
    })(),

  'own ids are those that the entry was filled under': () =>
    new (class extends SmallStore {
      protected override own(entry: Entry) {
        return [...entry.ids];
      }
    })(),

  'own ids are planted where they are missing': () =>
    new (class extends SmallStore {
      protected override own(entry: Entry) {
        return entry.epochs.map((name) => this.ids.get(name) ?? this.plant(name));
      }
    })(),

  'ids come in the order of their names': () =>
    new (class extends SmallStore {
      override lookup = ({ key, epochs }: LookupRequest) => {
        const ids = [...epochs].sort().map((name) => this.ids.get(name) ?? this.plant(name));
        const entry = this.find(key);
        return { ids, entry, own: entry === undefined ? [] : this.own(entry) };
      };
    })(),

  'a lookup gives the entry of another key': () =>
    new (class extends SmallStore {
      protected override find(key: string | undefined) {
        const wanted = key?.trim().toLowerCase();
        for (const [name, { entry }] of this.entries) if (name.trim().toLowerCase() === wanted) return entry;
        return undefined;
      }
    })(),

  'part of an entry is lost': () =>
    new (class extends SmallStore {
      protected override find(key: string | undefined) {
        const found = super.find(key);
        const { key: name, epochs, ids, storedAt, freshUntil, body } = found ?? ({} as Entry);
        return found && { key: name, epochs, ids, storedAt, freshUntil, body };
      }
    })(),

  'texts that are not ASCII are damaged': () =>
    new (class extends SmallStore {
      protected override find(key: string | undefined) {
        const found = super.find(key);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what a table of one byte a character keeps
        return found && { ...found, body: { text: found.body.text.replace(/[^\u0000-\u007f]/g, '?') } };
      }
    })(),

  'the time in the store is ignored': () =>
    new (class extends SmallStore {
      protected override kept() {
        return Number.POSITIVE_INFINITY;
      }
    })(),

  'the time in the store is taken for seconds': () =>
    new (class extends SmallStore {
      protected override kept({ keepMs }: FillRequest) {
        return Date.now() + keepMs * 1_000;
      }
    })(),

  'what is expired is removed, and nobody is told': () =>
    new (class extends SmallStore {
      override readonly supports = { local: true };
    })(),

  'what is expired stays fresh': () =>
    new (class extends SmallStore {
      protected override moved(name: string, mode?: Mode) {
        return (mode === 'expire' && this.ids.get(name)) || this.newId();
      }
    })(),

  'what was removed comes back by being expired': () =>
    new (class extends SmallStore {
      private hard = new Map<string, string>();
      protected override moved(name: string, mode?: Mode) {
        const id = this.newId();
        const hard = this.hard.get(name) ?? this.ids.get(name)?.split('~')[0] ?? this.newId();
        this.hard.set(name, hard);
        return mode === 'expire' ? `${hard}~${id}` : id;
      }
    })(),

  'a server that cannot be reached is taken for an empty one': () =>
    new (class extends SmallStore {
      protected override reach() {
        if (this.isCut) this.ids.clear();
      }
    })(),

  'the errors of an advance are swallowed': () =>
    new (class extends SmallStore {
      override advance = (names: readonly string[]) => {
        if (this.isCut) return;
        for (const name of names) this.ids.set(name, this.newId());
      };
    })(),
};
