import type { Entry, ScanRequest } from '../../src/index.ts';
import { SmallStore } from './small-store.ts';

/** A small store that lists what it holds. */
export class ScanningStore extends SmallStore {
  protected head({ body, ...rest }: Entry): object {
    return { ...rest, bytes: new TextEncoder().encode(body.text).length };
  }
  protected known(name: string): string | undefined {
    return this.ids.get(name);
  }
  protected isWanted(key: string, prefix: string, part: string): boolean {
    return key.startsWith(prefix) && key.includes(part);
  }
  protected pageOf(keys: readonly string[], limit: number): readonly string[] {
    return keys.slice(0, limit);
  }
  protected next(at: number, limit: number, count: number): string | undefined {
    return at + limit < count ? String(at + limit) : undefined;
  }

  scan = ({ prefix, part = '', cursor = '0', limit }: ScanRequest) => {
    this.reach();
    const keys = [...this.entries.keys()].filter((key) => this.isWanted(key, prefix, part));
    const entries = this.pageOf(keys.slice(Number(cursor)), limit).flatMap((key) => {
      const entry = this.find(key);
      if (entry === undefined) return [];
      return [{ head: this.head(entry) as never, own: entry.epochs.map((name) => this.known(name)) }];
    });
    const next = this.next(Number(cursor), limit, keys.length);
    return { entries, ...(next !== undefined && { cursor: next }) };
  };
}

/** Bugs of listings. */
export const wrongScans: Record<string, () => SmallStore> = {
  'a listing plants epochs that are missing': () =>
    new (class extends ScanningStore {
      protected override known(name: string) {
        return this.ids.get(name) ?? this.plant(name);
      }
    })(),

  'a listing tells the ids of the fills': () =>
    new (class extends ScanningStore {
      private first = new Map<string, string | undefined>();
      protected override known(name: string) {
        return this.first.get(name) ?? this.ids.get(name);
      }
      override fill: SmallStore['fill'] = (request) => {
        for (const [name, id] of request.unchanged) this.first.set(name, id);
        this.entries.set(request.entry.key, { entry: request.entry, until: this.kept(request) });
        return 'stored';
      };
    })(),

  'a listing has bodies': () =>
    new (class extends ScanningStore {
      protected override head(entry: Entry) {
        return { ...entry, bytes: new TextEncoder().encode(entry.body.text).length };
      }
    })(),

  'a listing counts signs for bytes': () =>
    new (class extends ScanningStore {
      protected override head({ body, ...rest }: Entry) {
        return { ...rest, bytes: body.text.length };
      }
    })(),

  'a listing has the entries of others': () =>
    new (class extends ScanningStore {
      protected override isWanted(key: string, prefix: string, part: string) {
        return key.includes(prefix) && key.includes(part);
      }
    })(),

  'a listing loses the last entry of a page': () =>
    new (class extends ScanningStore {
      protected override pageOf(keys: readonly string[], limit: number) {
        return keys.slice(0, limit - 1);
      }
    })(),

  'a listing gives everything at once': () =>
    new (class extends ScanningStore {
      protected override pageOf(keys: readonly string[]) {
        return keys;
      }
      protected override next() {
        return undefined;
      }
    })(),

  'a listing begins again at its end': () =>
    new (class extends ScanningStore {
      protected override next(at: number, limit: number, count: number) {
        return super.next(at, limit, count) ?? '0';
      }
    })(),

  'a listing has a cursor that is a key': () =>
    new (class extends ScanningStore {
      protected override next(at: number, limit: number, count: number) {
        const next = super.next(at, limit, count);
        return next && [...this.entries.keys()][Number(next)];
      }
    })(),

  'a listing takes a text for a pattern': () =>
    new (class extends ScanningStore {
      protected override isWanted(key: string, prefix: string, part: string) {
        return key.startsWith(prefix) && new RegExp(part.replace(/[\\^*?+]/g, '\\$&')).test(key);
      }
    })(),
};
