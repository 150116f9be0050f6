// Docs: docs/how-it-works.md
import type { AnyTRPCRouter } from '@trpc/server';
import { createBreaker } from './breaker.ts';
import type { Core } from './cache.ts';
import { type Codec, defaultCodec, plainCodec, type Transformer, transformerCodec } from './codec.ts';
import type { Duration } from './duration.ts';
import { durationMs } from './duration.ts';
import { epochNames } from './epochs.ts';
import { CacheError, shown } from './errors.ts';
import { createEmitter } from './events.ts';
import { createFlights } from './flight.ts';
import { createInvalidate, type InvalidateResult } from './invalidate.ts';
import { type CreateCacheOptions, resolveSettings } from './options.ts';
import { createOutbox } from './outbox.ts';
import { type CachedOptions, resolvePolicy } from './policy.ts';
import type { Store } from './store.ts';
import type { Cache, ContextOf } from './surface.ts';
import { checkTarget, matches } from './targets.ts';
import { type AuditFinding, auditProcedure, type OwnMiddleware } from './trpc/audit.ts';
import { type CachedDefinition, type Location, type MiddlewareOpts, runCached } from './trpc/cached.ts';
import { createCalls } from './trpc/calls.ts';
import { type OwnKind, type Surroundings, surroundings } from './trpc/chain.ts';
import { type DirectParts, peek, refresh } from './trpc/direct.ts';
import { createHooks } from './trpc/http.ts';
import { defineInvalidates, type InvalidatesDefinition, runInvalidates, runSettle } from './trpc/invalidates.ts';
import { createRegistry, type Middleware, type Place, type ProcedureLike } from './trpc/registry.ts';
import { type WrapOptions, wrapFunction } from './wrap.ts';

type Definition = CachedDefinition | InvalidatesDefinition | { readonly kind: 'settle' };

/**
 * Makes a cache for tRPC procedures. It does no work of its own: no connection, clock or random is touched before the first
 * call.
 *
 * @throws CacheError `INVALID_OPTION` for every option that is missing or wrong, with what to write instead.
 * @see DESIGN: an answer is served only while every epoch it was filled under is unchanged (docs/how-it-works.md)
 * @example
 * ```ts
 * import { createCache } from 'trpc-cached';
 *
 * type Context = { user?: { id: string } };
 * export const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user?.id ?? null });
 * export const { cached, invalidates } = cache;
 * ```
 */
export function createCache<T extends object | ((...args: any[]) => any) = object>(
  options: CreateCacheOptions<ContextOf<T>>,
): Cache<ContextOf<T>> {
  const settings = resolveSettings(options);
  const names = epochNames(settings.namespace, settings.hashKeys);
  const emitter = createEmitter();
  const calls = createCalls();
  const definitions = new WeakMap<Middleware, Definition>();
  const pure = new WeakSet<Middleware>();
  const wrapped = new Set<string>();

  let opened: Store | undefined;
  const storeFor = (ctx: unknown): Store => {
    opened ??= typeof settings.store === 'function' ? settings.store({ ctx }) : settings.store;
    return opened;
  };
  const background = (work: Promise<unknown>, ctx: unknown): boolean => {
    if (settings.waitUntil === undefined) return false;
    try {
      settings.waitUntil(work, { ctx });
      return true;
    } catch (error) {
      emitter.emit('error', { operation: 'waitUntil', error });
      return false;
    }
  };
  const outbox = createOutbox({
    store: () => storeFor(undefined),
    namespace: names.namespace,
    writeMs: settings.writeMs,
  });
  const core: Core = {
    storeFor,
    flights: createFlights(),
    breaker: createBreaker(),
    outbox,
    emitter,
    timeouts: { readMs: settings.readMs, joinMs: settings.joinMs },
    background,
  };

  const kindOf = (middleware: Middleware): OwnKind | undefined =>
    pure.has(middleware) ? 'pure' : definitions.get(middleware)?.kind;
  const run = (definition: Definition, opts: MiddlewareOpts, place: Place | undefined): Promise<unknown> => {
    if (definition.kind === 'cached') return runCached(definition, opts, locationOf(opts, place), cachedParts);
    if (definition.kind === 'settle') return runSettle(opts, invalidatesParts);
    return runInvalidates(definition, opts, place, invalidatesParts);
  };
  const registry = createRegistry({
    bind(middleware) {
      const definition = definitions.get(middleware);
      if (definition === undefined) return undefined;
      return (place) => mark((opts) => run(definition, opts, place), definition);
    },
    check(procedure, path, isKnown) {
      for (const { definition } of ownOf(procedure)) {
        if (definition.kind !== 'invalidates') continue;
        for (const finding of auditProcedure({
          path,
          procedure,
          own: [{ definition, index: 0, around: nothingAround }],
          isKnown,
        })) {
          if (finding.rule === 'unmatched-pattern')
            throw new CacheError('UNKNOWN_PATH', `${path}: invalidates: ${finding.fix}`);
        }
      }
    },
    hasKey: (procedure) =>
      ownOf(procedure).some(({ definition }) => definition.kind === 'cached' && definition.policy.key !== undefined),
  });
  const invalidate = createInvalidate(names, registry, outbox, emitter);

  function mark(middleware: (opts: MiddlewareOpts) => Promise<unknown>, definition: Definition): Middleware {
    definitions.set(middleware as Middleware, definition);
    return middleware as Middleware;
  }

  /** A middleware that stands in no registered procedure yet; one that a lazy router brought in finds its place here. */
  function define(definition: Definition): Middleware {
    const middleware = mark(
      (opts) => run(definition, opts, registry.isEmpty() ? undefined : registry.placeOf(middleware, opts.path)),
      definition,
    );
    return middleware;
  }

  function ownOf(procedure: ProcedureLike): OwnMiddleware[] {
    return procedure._def.middlewares.flatMap((middleware, index) => {
      const definition = definitions.get(middleware);
      return definition === undefined ? [] : { definition, index, around: surroundings({ procedure, index }, kindOf) };
    });
  }

  function locationOf(opts: MiddlewareOpts, place: Place | undefined): Location {
    if (typeof opts.path !== 'string' || opts.path === '') return { bypass: 'no-path' };
    if (place === undefined) return registry.isEmpty() ? { path: opts.path } : { bypass: 'unregistered' };
    const path = place.paths.get(opts.path);
    return path === undefined ? { bypass: 'unregistered' } : { path, place, around: aroundOf(place) };
  }

  const around = new WeakMap<Place, ReturnType<typeof surroundings>>();
  function aroundOf(place: Place): ReturnType<typeof surroundings> {
    let found = around.get(place);
    if (found === undefined) around.set(place, (found = surroundings(place, kindOf)));
    return found;
  }

  const codecs = new WeakMap<Transformer, Codec>();
  const codecOf = (transformer: Transformer): Codec => {
    let codec = codecs.get(transformer);
    if (codec === undefined)
      codecs.set(transformer, (codec = isIdentity(transformer) ? plainCodec : transformerCodec(transformer)));
    return codec;
  };
  const outputTransformer = (router: Place['router'] | undefined) =>
    settings.transformer ?? router?._config.transformer.output;
  const codecFor = (place: Pick<Place, 'router'> | undefined): Codec => {
    const transformer = outputTransformer(place?.router ?? registry.routers()[0]);
    return transformer === undefined ? defaultCodec : codecOf(transformer);
  };

  const keyParts = {
    names,
    namespace: settings.namespace,
    version: settings.version,
    hashKeys: settings.hashKeys,
    headersOf: settings.headers,
  };
  const isEnabled = (opts: { ctx: unknown; input: unknown; path: string }) =>
    typeof settings.enabled === 'function' ? settings.enabled(opts) : settings.enabled;
  const cachedParts = { ...keyParts, core, calls, codecFor, isEnabled };
  const invalidatesParts = {
    invalidate,
    calls,
    emitter,
    background: (ctx: unknown) => void background(outbox.drain(30_000), ctx),
  };
  const directParts: DirectParts = {
    ...keyParts,
    core,
    invalidate,
    codecFor,
    cachedAt(path) {
      for (const [registered, procedure] of registry.procedures()) {
        if (registered !== path) continue;
        const first = ownOf(procedure).find(({ definition }) => definition.kind === 'cached');
        if (first?.definition.kind !== 'cached') return undefined;
        const router = registry.routers().find((def) => Object.values(def.procedures).includes(procedure));
        if (router === undefined) return undefined;
        const place: Place = { procedure, router, paths: new Map([[path, path]]), index: first.index };
        return { policy: first.definition.policy, place, parsersBehind: first.around.parsersBehind };
      }
      return undefined;
    },
  };
  const advance = async (label: string, epochs: readonly string[]): Promise<InvalidateResult> => {
    try {
      await outbox.write(epochs);
    } catch (error) {
      emitter.emit('invalidate', { targets: [label], acknowledged: false, error });
      throw error;
    }
    emitter.emit('invalidate', { targets: [label], acknowledged: true });
    return { acknowledged: true, targets: [label], epochs: epochs.length, widened: [] };
  };
  const invalidateNow = async (...targets: readonly unknown[]) => {
    if (targets.length === 0)
      throw new CacheError(
        'INVALID_TARGET',
        "invalidate: no target given. Write invalidate('post.*'), or clear() for everything.",
      );
    for (const target of targets) checkTarget(target, 'invalidate');
    return invalidate(targets);
  };
  const direct = {
    invalidate: invalidateNow,
    peek: (target: never) => peek(target, directParts),
    refresh: (target: never, fn: () => unknown) => refresh(target, fn, directParts),
  };

  const surface: Cache<any> = {
    cached: ((given?: Duration | CachedOptions<any, any>) => {
      const policy = resolvePolicy(given, settings.defaults, settings.defaults.scope ?? settings.scope, 'cached');
      const narrows =
        typeof given === 'object' &&
        (['scope', 'key', 'vary', 'when', 'http', 'errors'] as const).some((option) => given[option] !== undefined);
      return define({ kind: 'cached', policy, narrows, learned: new Map() });
    }) as Cache<any>['cached'],
    invalidates: ((...targets: readonly unknown[]) => define(defineInvalidates(targets))) as Cache<any>['invalidates'],
    settle: define({ kind: 'settle' }) as unknown as Cache<any>['settle'],
    register(router, { mount = '' } = {}) {
      if (typeof mount !== 'string' || mount.includes('*'))
        throw new CacheError(
          'INVALID_OPTION',
          `register: mount: expected a path such as 'v2', received ${shown(mount)}.`,
        );
      registry.register(router, mount);
      return router;
    },
    http(given) {
      registry.register(given.router);
      const { createContext, responseMeta } = given;
      const { enter, leave } = hooksFor(given.router);
      return {
        ...given,
        createContext: (opts: unknown) => {
          enter(opts);
          return createContext?.(opts);
        },
        responseMeta: (meta: never) => leave(meta, (responseMeta?.(meta) ?? {}) as never) as never,
      } as never;
    },
    control: (opts) => {
      const wishes = calls.find((opts as { getRawInput?: unknown }).getRawInput)?.cached?.wishes;
      const control = {
        noStore() {
          if (wishes !== undefined) wishes.noStore = true;
          return control;
        },
        ttl(ttl: Duration) {
          const ms = durationMs(ttl, 'control.ttl');
          if (wishes !== undefined) wishes.ttl = ms;
          return control;
        },
        tag(...tags: readonly string[]) {
          for (const tag of tags) {
            if (typeof tag !== 'string' || tag === '')
              throw new CacheError(
                'INVALID_OPTION',
                `control.tag: expected a non-empty string, received ${shown(tag)}.`,
              );
            wishes?.tags.add(tag);
          }
          return control;
        },
      };
      return control;
    },
    invalidate: invalidateNow as Cache<any>['invalidate'],
    for: () => direct as never,
    peek: direct.peek as Cache<any>['peek'],
    refresh: direct.refresh as Cache<any>['refresh'],
    wrap(name, fn, wrapOptions = {}) {
      if (typeof name !== 'string' || name === '')
        throw new CacheError('INVALID_OPTION', `wrap: expected a name, received ${shown(name)}.`);
      if (wrapped.has(name))
        throw new CacheError(
          'INVALID_OPTION',
          `wrap: ${shown(name)} is taken: two functions would read each other's results. Give each its own name.`,
        );
      const { scope: _scope, tags: _tags, ...rest } = wrapOptions as WrapOptions<readonly unknown[]>;
      const policy = resolvePolicy(
        rest,
        { ...settings.defaults, scope: 'public', tags: [], http: false },
        'public',
        'wrap',
      );
      wrapped.add(name);
      return wrapFunction(name, fn, policy, wrapOptions, {
        ...keyParts,
        core,
        codec: () => codecFor(undefined),
        isEnabled: (path) => isEnabled({ ctx: undefined, input: undefined, path }),
        advance,
      });
    },
    async clear() {
      core.flights.clear();
      return advance('clear', [names.namespace]);
    },
    on: emitter.on,
    pure(middleware) {
      const functions =
        '_middlewares' in middleware
          ? (middleware._middlewares as Middleware[])
          : [middleware as unknown as Middleware];
      for (const one of functions) pure.add(one);
      return middleware;
    },
    async audit(...routers) {
      const findings: AuditFinding[] = [];
      for (const router of routers as readonly AnyTRPCRouter[]) {
        await loadLazies(router);
        const registered = registry.routers().includes((router as unknown as { _def: Place['router'] })._def);
        const { procedures } = (router as unknown as { _def: Place['router'] })._def;
        const subjects = Object.entries(procedures).map(([path, procedure]) => ({
          path,
          procedure,
          own: ownOf(procedure),
        }));
        if (!registered && subjects.some(({ own }) => own.length > 0)) {
          findings.push({
            severity: 'error',
            path: '',
            rule: 'unregistered-router',
            fix: 'Write export const appRouter = cache.register(t.router({ … })), or pass the router to cache.http.',
          });
        }
        const isKnown = (pattern: string) => subjects.some(({ path }) => matches(pattern, path));
        findings.push(...subjects.flatMap((subject) => auditProcedure({ ...subject, isKnown })));
      }
      return findings;
    },
    close: () => outbox.close(),
  };

  const hooks = new WeakMap<object, ReturnType<typeof createHooks>>();
  function hooksFor(router: AnyTRPCRouter): ReturnType<typeof createHooks> {
    let found = hooks.get(router);
    if (found === undefined) {
      const { output } = (router as unknown as { _def: Place['router'] })._def._config.transformer;
      const codec = codecOf(output);
      found = createHooks({
        calls,
        emitter,
        options: settings.http,
        salt: `1/${codec.id}/${settings.version}`,
        // By identity: only what the router itself would write may take the place of what it writes.
        speaks: (used) => used === codec && (settings.transformer === undefined || settings.transformer === output),
      });
      hooks.set(router, found);
    }
    return found;
  }
  return surface;
}

const nothingAround: Surroundings = { skipped: false, parsersBehind: false, strangersBefore: false };

/** Whether a transformer leaves outputs as they are: tRPC's default, on a router made without one. */
function isIdentity({ serialize }: Transformer): boolean {
  const probe = { date: new Date(0), big: 0n, nothing: undefined };
  try {
    return serialize(probe) === probe && probe.date instanceof Date;
  } catch {
    return false;
  }
}

async function loadLazies(router: AnyTRPCRouter): Promise<void> {
  const { lazy = {} } = (router as unknown as { _def: { lazy?: Record<string, { load: () => Promise<unknown> }> } })
    ._def;
  // Loading one may bring in others.
  for (let [next] = Object.values(lazy); next !== undefined; [next] = Object.values(lazy)) await next.load();
}
