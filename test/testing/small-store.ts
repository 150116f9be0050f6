import type { Entry, FillRequest, Lease, LookupRequest, Mode, Store } from '../../src/index.ts';

/** A store in a few lines that keeps the contract, in parts that a bug can take the place of. */
export class SmallStore implements Store {
  readonly name: string = 'small';
  readonly supports: Store['supports'] = { local: true, expire: false };
  protected readonly entries = new Map<string, { entry: Entry; until: number }>();
  protected readonly ids = new Map<string, string>();
  protected readonly leases = new Map<string, { token: string; until: number }>();
  private readonly given = { count: 0 };
  /** Whether its server cannot be reached. */
  isCut = false;

  protected reach(): void {
    if (this.isCut) throw new Error('unreachable');
  }

  protected newId(): string {
    return `${this.given.count++}`;
  }
  protected plant(name: string): string {
    const id = this.newId();
    this.ids.set(name, id);
    return id;
  }
  protected find(key: string | undefined): Entry | undefined {
    const found = key === undefined ? undefined : this.entries.get(key);
    return found !== undefined && found.until > Date.now() ? found.entry : undefined;
  }
  protected own(entry: Entry): (string | undefined)[] {
    return entry.epochs.map((name) => this.ids.get(name));
  }
  protected isUnchanged(unchanged: FillRequest['unchanged']): boolean {
    return unchanged.every(([name, id]) => this.ids.get(name) === id);
  }
  protected kept({ keepMs }: FillRequest): number {
    return Date.now() + keepMs;
  }
  protected moved(_name: string, _mode?: Mode): string {
    return this.newId();
  }

  lookup = ({ key, epochs }: LookupRequest): ReturnType<Store['lookup']> => {
    this.reach();
    const ids = epochs.map((name) => this.ids.get(name) ?? this.plant(name));
    const entry = this.find(key);
    return { ids, entry, own: entry === undefined ? [] : this.own(entry) };
  };
  fill = (request: FillRequest): ReturnType<Store['fill']> => {
    const { entry, unchanged, lease } = request;
    this.reach();
    if (lease !== undefined) this.release(lease);
    if (!this.isUnchanged(unchanged)) return 'invalidated';
    this.entries.set(entry.key, { entry, until: this.kept(request) });
    return 'stored';
  };
  advance = (names: readonly string[], mode?: Mode): ReturnType<Store['advance']> => {
    this.reach();
    for (const name of names) this.ids.set(name, this.moved(name, mode));
  };
  lease: NonNullable<Store['lease']> = (lease, key, keepMs) => {
    const held = this.leases.get(lease.name);
    const there = this.find(key) !== undefined;
    const isHeld = held !== undefined && held.until > Date.now() && held.token !== lease.token;
    if (lease.waitsFor === 'entry' && there) return 'there';
    if (isHeld) return held.token === 'alone' ? 'alone' : 'taken';
    if (lease.waitsFor === 'holder' && there && held?.token !== lease.token) return 'there';
    this.leases.set(lease.name, { token: lease.token, until: Date.now() + keepMs });
    return there ? 'stored' : 'leased';
  };
  release: NonNullable<Store['release']> = (lease: Lease, aloneMs = 0) => {
    if (this.leases.get(lease.name)?.token !== lease.token) return;
    if (aloneMs > 0) this.leases.set(lease.name, { token: 'alone', until: Date.now() + aloneMs });
    else this.leases.delete(lease.name);
  };
  /** For `another` of the contract: it keeps its data where that one does. */
  over({ entries, ids, leases, given }: SmallStore): this {
    return Object.assign(this, { entries, ids, leases, given });
  }
  /** For `evict` of the contract. */
  readonly evict = (...names: string[]): void => {
    for (const name of names) {
      this.ids.delete(name);
      this.entries.delete(name);
    }
  };
}

/** Lets others run between two steps, as a store does that sends them one by one. */
export const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));
