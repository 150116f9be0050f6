import type { FillRequest, Lease, LookupRequest, Mode, PartsConfirmed } from '../../src/index.ts';
import { SmallStore, turn } from './small-store.ts';

/** A small store of three parts, each of which can be cut off. */
export class PartedStore extends SmallStore {
  protected readonly parts = [new SmallStore(), new SmallStore(), new SmallStore()];
  partOf(key: string): number {
    return [...key].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % this.parts.length;
  }
  /** The part of a key, whatever `partOf` says. */
  protected of(key = ''): SmallStore {
    return this.parts[PartedStore.prototype.partOf.call(this, key)] as SmallStore;
  }
  protected async move(part: number, names: readonly string[], mode?: Mode): Promise<void> {
    this.reach();
    await turn();
    this.parts[part]?.advance(names, mode);
  }
  override over(data: SmallStore): this {
    return Object.assign(this, { parts: (data as PartedStore).parts });
  }
  /** For `cutPart` of the contract. */
  readonly cutPart = (part: number) => {
    const one = this.parts[part] as SmallStore;
    one.isCut = true;
    return () => {
      one.isCut = false;
    };
  };

  override lookup = async (request: LookupRequest) => {
    this.reach();
    return this.of(request.key ?? request.near).lookup(request);
  };
  override fill = async (request: FillRequest) => {
    this.reach();
    return this.of(request.entry.key).fill(request);
  };
  override advance = async (names: readonly string[], mode?: Mode, confirmed: PartsConfirmed = new Set()) => {
    const all = this.parts.map(async (_, part) => {
      if (confirmed.has(part)) return;
      await this.move(part, names, mode);
      confirmed.add(part);
    });
    await Promise.all(all);
  };
  override lease = (lease: Lease, key: string, keepMs: number) => this.of(key).lease(lease, key, keepMs);
  override release = (lease: Lease, aloneMs?: number) => this.of(lease.near).release(lease, aloneMs);
  override readonly evict = (...names: string[]): void => {
    for (const one of this.parts) one.evict(...names);
  };
}

/** Bugs of `partOf`, and of what `advance` says of parts. */
export const wrongParts: Record<string, () => SmallStore> = {
  'each entry is a part of its own': () =>
    new (class extends PartedStore {
      override partOf(key: string) {
        return [...key].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 1_000_003, 0);
      }
    })(),

  'the part of an entry is that of its turn': () =>
    new (class extends PartedStore {
      private turns = 0;
      override partOf() {
        this.turns += 1;
        return this.turns % 3;
      }
    })(),

  'a part is said to have confirmed before it has': () =>
    new (class extends PartedStore {
      override advance = async (names: readonly string[], mode?: Mode, confirmed?: PartsConfirmed) => {
        for (const part of this.parts.keys()) {
          if (confirmed?.has(part)) continue;
          confirmed?.add(part);
          await this.move(part, names, mode);
        }
      };
    })(),

  'a part is said to have confirmed, whatever became of it': () =>
    new (class extends PartedStore {
      override advance = async (names: readonly string[], mode?: Mode, confirmed: PartsConfirmed = new Set()) => {
        const all = this.parts.map(async (_, part) => {
          if (confirmed.has(part)) return;
          await this.move(part, names, mode).finally(() => confirmed.add(part));
        });
        await Promise.all(all);
      };
    })(),

  'an advance resolves although one part failed': () =>
    new (class extends PartedStore {
      override advance = async (names: readonly string[], mode?: Mode, confirmed: PartsConfirmed = new Set()) => {
        this.reach();
        const all = this.parts.map(async (_, part) => {
          if (confirmed.has(part)) return;
          await this.move(part, names, mode);
          confirmed.add(part);
        });
        await Promise.allSettled(all);
      };
    })(),

  'a part that confirmed before moves on again': () =>
    new (class extends PartedStore {
      override advance = async (names: readonly string[], mode?: Mode, confirmed?: PartsConfirmed) => {
        for (const part of this.parts.keys()) {
          await this.move(part, names, mode);
          confirmed?.add(part);
        }
      };
    })(),

  'no part is said to have confirmed': () =>
    new (class extends PartedStore {
      override advance = async (names: readonly string[], mode?: Mode, confirmed?: PartsConfirmed) => {
        const open = [...this.parts.keys()].filter((part) => confirmed?.has(part) !== true);
        await Promise.all(open.map((part) => this.move(part, names, mode)));
      };
    })(),

  'parts are said to have confirmed when all have': () =>
    new (class extends PartedStore {
      override advance = async (names: readonly string[], mode?: Mode, confirmed?: PartsConfirmed) => {
        const open = [...this.parts.keys()].filter((part) => confirmed?.has(part) !== true);
        await Promise.all(open.map((part) => this.move(part, names, mode)));
        for (const part of open) confirmed?.add(part);
      };
    })(),

  'a part that confirmed once is left out for ever': () =>
    new (class extends PartedStore {
      private ever = new Set<number>();
      override advance = async (names: readonly string[], mode?: Mode, confirmed?: PartsConfirmed) => {
        for (const part of this.parts.keys()) {
          if (confirmed?.has(part) || (confirmed !== undefined && this.ever.has(part))) continue;
          await this.move(part, names, mode);
          if (confirmed !== undefined) this.ever.add(part);
          confirmed?.add(part);
        }
      };
    })(),
};
