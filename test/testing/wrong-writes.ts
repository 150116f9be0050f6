import type { Entry, FillRequest } from '../../src/index.ts';
import { SmallStore, turn } from './small-store.ts';

/** Bugs of fills and moves that take more than one step, or less than all. */
export const wrongWrites: Record<string, () => SmallStore> = {
  'a fill checks the epochs of its entry, not those of its request': () =>
    new (class extends SmallStore {
      override fill = (request: FillRequest) => {
        const { entry, lease } = request;
        if (lease !== undefined) this.release(lease);
        if (entry.epochs.some((name, index) => this.ids.get(name) !== entry.ids[index])) return 'invalidated';
        this.entries.set(entry.key, { entry, until: this.kept(request) });
        return 'stored';
      };
    })(),

  'a fill checks in one trip, and writes the ids again in a second one': () =>
    new (class extends SmallStore {
      override fill = async (request: FillRequest) => {
        const { entry, unchanged, lease } = request;
        if (lease !== undefined) this.release(lease);
        if (!this.isUnchanged(unchanged)) return 'invalidated';
        await turn();
        for (const [name, id] of unchanged) this.ids.set(name, id);
        this.entries.set(entry.key, { entry, until: this.kept(request) });
        return 'stored';
      };
    })(),

  'an entry has no columns for what is seldom in it': () =>
    new (class extends SmallStore {
      protected override find(key: string | undefined) {
        const { failure: _failure, stream: _stream, outline: _outline, ...columns } = super.find(key) ?? ({} as Entry);
        return columns.key === undefined ? undefined : columns;
      }
    })(),

  'an entry of a failure is an answer': () =>
    new (class extends SmallStore {
      protected override find(key: string | undefined) {
        const { failure: _failure, ...rest } = super.find(key) ?? ({} as Entry);
        return rest.key === undefined ? undefined : rest;
      }
    })(),

  'tags move on one by one, and the guard behind them': () =>
    new (class extends SmallStore {
      override advance = async (names: readonly string[]) => {
        this.reach();
        for (const name of names.toReversed()) {
          await turn();
          this.ids.set(name, this.newId());
        }
      };
    })(),

  'all move on at once, each by itself, and the guard is slow': () =>
    new (class extends SmallStore {
      override advance = async (names: readonly string[]) => {
        this.reach();
        const moving = names.map(async (name, index) => {
          if (index === 0 && names.length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
          this.ids.set(name, this.newId());
        });
        await Promise.all(moving);
      };
    })(),

  'moving on ends after a hundred': () =>
    new (class extends SmallStore {
      override advance = (names: readonly string[]) => {
        this.reach();
        for (const name of names.slice(0, 100)) this.ids.set(name, this.newId());
      };
    })(),
};
