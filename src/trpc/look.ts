// Docs: docs/inspector.md#from-code
import type { Core } from '../call.ts';
import type { CallOpts } from '../call-opts.ts';
import type { EntriesOptions, EntriesPage } from '../entries.ts';
import type { Explanation } from '../explanation.ts';
import type { CacheStatus, ListedProcedure } from '../status.ts';
import type { Store } from '../store.ts';
import type { DirectParts } from './direct.ts';
import type { ExplainOptions } from './explain.ts';
import type { Registry } from './registry.ts';

/** The ways to look at a cache that change nothing. */
export interface Look {
  readonly explain: (path: string, input?: unknown, ctx?: unknown, options?: ExplainOptions) => Promise<Explanation>;
  readonly entries: (options?: EntriesOptions) => Promise<EntriesPage>;
  readonly status: () => CacheStatus;
}

/** What looking needs of its cache. */
export interface LookParts {
  readonly direct: DirectParts;
  readonly registry: Pick<Registry, 'find' | 'match'>;
  readonly isEnabled: (opts: CallOpts<unknown, unknown>) => boolean;
  readonly core: Core & { readonly opened: () => Store | undefined };
}

/** Loaded when somebody looks: a server that nobody looks at is not made larger by it. */
export function createLook({ direct, registry, isEnabled, core }: LookParts): Look {
  const isKnown = (path: string) => registry.find(path) !== undefined;
  return {
    async explain(path, input, ctx, options = {}) {
      const { explain } = await import('./explain.ts');
      return explain(path, input, ctx, options, { ...direct, isKnown, isOn: isEnabled });
    },
    async entries(options = {}) {
      const { listEntries } = await import('../entries.ts');
      return listEntries(options, { ...direct, core });
    },
    status() {
      const store = core.opened();
      const states = core.breakers.states().filter(([, state]) => state !== 'closed');
      const { paths, complete } = registry.match('*');
      return {
        namespace: direct.namespace,
        hashKeys: direct.hashKeys,
        store: store?.name,
        lists: store?.scan !== undefined,
        breaker: {
          state: states.find(([, state]) => state === 'open')?.[1] ?? states[0]?.[1] ?? 'closed',
          parts: states.flatMap(([part]) => part ?? []),
        },
        waiting: store === undefined ? 0 : core.outbox.waiting(),
        procedures: paths.map(listed),
        complete,
      };
    },
  };

  function listed(path: string): ListedProcedure {
    const cached = direct.cachedAt(path);
    return {
      path,
      type: registry.find(path)?.procedure._def.type as ListedProcedure['type'],
      cached: cached !== undefined,
      public: cached?.policy.scope === 'public',
    };
  }
}
