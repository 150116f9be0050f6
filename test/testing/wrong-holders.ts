import type { Entry, LookupRequest } from '../../src/index.ts';
import { SmallStore } from './small-store.ts';

type Held = NonNullable<LookupRequest['held']>;

/** A small store that leaves out what its asker holds. */
export class HoldingStore extends SmallStore {
  protected isHeld(found: Entry, held: Held): boolean {
    return found.id === held.id;
  }
  /** Whose own ids are told: those of the entry that is sent, else those that the copy names. */
  protected namesFor(sent: Entry | undefined, _found: Entry | undefined, held: Held | undefined): readonly string[] {
    return (sent ?? held)?.epochs ?? [];
  }
  protected known(name: string): string | undefined {
    return this.ids.get(name);
  }

  override lookup: SmallStore['lookup'] = ({ key, epochs, held }) => {
    this.reach();
    const ids = epochs.map((name) => this.ids.get(name) ?? this.plant(name));
    const found = this.find(key);
    const sent = found !== undefined && held !== undefined && this.isHeld(found, held) ? undefined : found;
    return { ids, entry: sent, own: this.namesFor(sent, found, held).map((name) => this.known(name)) };
  };
}

/** Bugs of lookups with `held`, and of those that find nothing. */
export const wrongHolders: Record<string, () => SmallStore> = {
  'who holds the entry is told of its epochs, not of those that the copy names': () =>
    new (class extends HoldingStore {
      protected override namesFor(_sent: Entry | undefined, found: Entry | undefined, held: Held | undefined) {
        return (found ?? held)?.epochs ?? [];
      }
    })(),

  'what a copy names is planted': () =>
    new (class extends HoldingStore {
      protected override known(name: string) {
        return this.ids.get(name) ?? this.plant(name);
      }
    })(),

  'every copy is taken for the one that is there': () =>
    new (class extends HoldingStore {
      protected override isHeld() {
        return true;
      }
    })(),

  'of what is gone, who holds a copy is told nothing': () =>
    new (class extends HoldingStore {
      protected override namesFor(sent: Entry | undefined, found: Entry | undefined, held: Held | undefined) {
        return found === undefined ? [] : super.namesFor(sent, found, held);
      }
    })(),

  'lookups of one tick share one answer': () => {
    const shared = new Map<string | undefined, ReturnType<SmallStore['lookup']>>();
    const store = new HoldingStore();
    const { lookup } = store;
    return Object.assign(store, {
      async lookup(request: LookupRequest) {
        const answer = shared.get(request.key) ?? lookup(request);
        shared.set(request.key, answer);
        await null;
        shared.clear();
        return answer;
      },
    });
  },

  'an entry that is missing is null': () =>
    new (class extends SmallStore {
      protected override find(key: string | undefined) {
        return super.find(key) ?? (null as never);
      }
      protected override own(entry: Entry) {
        return entry === null ? [] : super.own(entry);
      }
    })(),
};
