import type { FillRequest, Lease } from '../../src/index.ts';
import { SmallStore, turn } from './small-store.ts';

/** Bugs of leases. */
export const wrongLeases: Record<string, () => SmallStore> = {
  'a lease is given twice': () =>
    new (class extends SmallStore {
      override lease = () => 'leased' as const;
    })(),

  'a lease is given to all who ask at once': () =>
    new (class extends SmallStore {
      override lease = async ({ name, token }: Lease, _key: string, keepMs: number) => {
        const held = this.leases.get(name);
        await turn();
        if (held !== undefined && held.until > Date.now() && held.token !== token) return 'taken';
        this.leases.set(name, { token, until: Date.now() + keepMs });
        return 'leased';
      };
    })(),

  'a lease is given back by anybody': () =>
    new (class extends SmallStore {
      override release = ({ name }: Lease) => void this.leases.delete(name);
    })(),

  'a lease never ends': () =>
    new (class extends SmallStore {
      override lease = ({ name, token }: Lease) => {
        if ((this.leases.get(name)?.token ?? token) !== token) return 'taken';
        this.leases.set(name, { token, until: Number.POSITIVE_INFINITY });
        return 'leased';
      };
    })(),

  'a fill keeps its lease': () =>
    new (class extends SmallStore {
      override fill = (request: FillRequest) => {
        if (!this.isUnchanged(request.unchanged)) return 'invalidated';
        this.entries.set(request.entry.key, { entry: request.entry, until: this.kept(request) });
        return 'stored';
      };
    })(),
};
