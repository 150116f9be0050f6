// Docs: docs/how-it-works.md
import type { AnyTRPCRouter } from '@trpc/server';
import { atOnce } from './call-opts.ts';
import { createControl } from './control.ts';
import { createCore } from './core.ts';
import type { Duration } from './duration.ts';
import { epochNames, randomId } from './epochs.ts';
import { CacheError, invalid } from './errors.ts';
import { createGuard } from './guard.ts';
import { createInvalidate, type InvalidateOptions, resolveManner, splitOptions } from './invalidate.ts';
import { type CreateCacheOptions, resolveSettings } from './options.ts';
import type { CachedOptions } from './policy.ts';
import type { Cache, ContextOf } from './surface.ts';
import { checkTarget, labelOf } from './targets.ts';
import { type CachedParts, type Location, runCached } from './trpc/cached.ts';
import { createCalls } from './trpc/calls.ts';
import { type Definition, defineCached } from './trpc/definition.ts';
import { type DirectParts, type EntryTarget, peek, refresh } from './trpc/direct.ts';
import { type Splices, wrapFetch } from './trpc/fetch.ts';
import { createHooks, type Hooks } from './trpc/http.ts';
import { createIdentities } from './trpc/identities.ts';
import { defineInvalidates, runInvalidates, runSettle, unmatchedPatterns } from './trpc/invalidates.ts';
import { createLook } from './trpc/look.ts';
import type { MiddlewareOpts } from './trpc/middleware.ts';
import { createOwnMiddlewares } from './trpc/own.ts';
import { createRegistry, type Place, type RouterDef } from './trpc/registry.ts';
import { showing } from './trpc/shown.ts';
import { type CachedQueries, createTell } from './trpc/tell.ts';
import { createTransformers } from './trpc/transformers.ts';
import { createWrap } from './wrap.ts';

/**
 * Makes a cache for tRPC procedures. It does no work of its own: no connection, clock or random is touched before the
 * first call.
 *
 * @throws CacheError `INVALID_OPTION` for every option that is missing or wrong, with what to write instead.
 * @example
 * ```ts
 * import { createCache } from 'trpc-cached';
 *
 * type Context = { user?: { id: string } | undefined };
 * export const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user?.id ?? null });
 * export const { cached, invalidates } = cache;
 * ```
 */
export function createCache<T extends object | ((...args: any[]) => any) = object>(
  options: CreateCacheOptions<ContextOf<T>>,
): Cache<ContextOf<T>> {
  const settings = resolveSettings(options);
  const { namespace, version, hashKeys, enabled } = settings;
  const names = epochNames(namespace, hashKeys);
  const core = createCore(settings, names.namespace);
  const calls = createCalls();
  const transformers = createTransformers(settings.transformer);
  const keyParts = { names, namespace, version, hashKeys, headersOf: settings.headers };
  const isEnabled: CachedParts['isEnabled'] = (opts) =>
    typeof enabled === 'function' ? atOnce(enabled(opts), 'enabled') : enabled;
  const codecFor = (place?: Place) => transformers.codecFor(place?.router ?? registry.routers()[0]);

  const own = createOwnMiddlewares((definition, opts, place) => {
    if (definition.kind === 'cached') return runCached(definition, opts, locate(definition, opts, place), cachedParts);
    core.open(opts.ctx);
    if (definition.kind === 'settle') return runSettle(opts, invalidatesParts);
    return runInvalidates(definition, opts, place, invalidatesParts);
  }, calls);
  const define = (definition: Definition) =>
    own.define(definition, (middleware, path) =>
      registry.isEmpty() ? undefined : registry.placeOf(middleware, path),
    ) as never;

  const registry = createRegistry({
    bind: own.bind,
    gate: own.gate,
    check(procedure, path, isKnown) {
      for (const { definition } of own.in(procedure)) {
        const [wrong] = definition.kind === 'invalidates' ? unmatchedPatterns(definition, path, isKnown) : [];
        if (wrong !== undefined) throw new CacheError('UNKNOWN_PATH', `${path}: invalidates: ${wrong}`);
      }
    },
    hasKey: (procedure) =>
      own.in(procedure).some(({ definition }) => definition.kind === 'cached' && definition.policy.key !== undefined),
  });
  const { invalidate, advance, close } = createInvalidate(
    names,
    { ...registry, isPublic },
    core.outbox,
    core.emitter,
    core.purger.purge,
  );

  function isPublic(pattern: string): boolean {
    const found = registry.match(pattern).paths.flatMap((path) => directParts.cachedAt(path) ?? []);
    const queries = found.filter(({ procedure }) => procedure._def.type === 'query');
    return queries.length > 0 && queries.every(({ policy }) => policy.scope === 'public');
  }

  function cachedQueries(): CachedQueries {
    const { paths, complete } = registry.match('*');
    const queries = paths.flatMap((path) => {
      const found = directParts.cachedAt(path);
      return found === undefined ? [] : [{ path, isPublic: found.policy.scope === 'public' }];
    });
    return { queries, complete };
  }

  /** A path alone is not an identity: a call belongs to a procedure only if that is registered under its path. */
  function locate(definition: Definition, opts: MiddlewareOpts, place: Place | undefined): Location {
    if (typeof opts.path !== 'string' || opts.path === '') return { bypass: 'no-path' };
    if (place === undefined)
      return registry.isEmpty() && own.isFirst(definition, opts.path)
        ? { path: opts.path }
        : { bypass: 'unregistered' };
    const path = place.paths.get(opts.path);
    return path === undefined ? { bypass: 'unregistered' } : { path, place, around: own.around(place) };
  }

  let space: string | undefined;
  const unregistered = () => (space ??= `u${randomId()}`);
  const { honours } = settings.http;
  const known = createIdentities();
  const speaks: CachedParts['speaks'] = (place, codec) =>
    place !== undefined && transformers.speaks(place.router, codec);
  const cachedParts: CachedParts = {
    speaks,
    guard: createGuard(settings.guard, settings.scope, core.emitter),
    ...keyParts,
    known,
    core,
    calls,
    codecFor,
    isEnabled,
    unregistered,
    honours,
  };
  const invalidatesParts = {
    invalidate,
    calls,
    emitter: core.emitter,
    match: registry.match,
    isSettled: ({ procedure, index }: Place) =>
      own.in(procedure).some((one) => one.definition.kind === 'settle' && one.index < index),
    tell: settings.http.tellInvalidated === false ? undefined : createTell({ ...registry, cachedQueries }),
    // What the outbox writes late is purged later still.
    background: (ctx: unknown, work: Promise<unknown> = core.outbox.drain(30_000)) =>
      void core.background(
        work.then(() => core.purger.drain(30_000)),
        ctx,
      ),
  };
  const directParts: DirectParts = {
    ...keyParts,
    core,
    invalidate,
    isEnabled(opts) {
      try {
        return isEnabled(opts);
      } catch {
        return true; // a callback that needs a context, and there is none outside of a call
      }
    },
    cachedAt(path) {
      const found = registry.find(path);
      const first = found && own.in(found.procedure).find(({ definition }) => definition.kind === 'cached');
      if (found === undefined || first?.definition.kind !== 'cached') return undefined;
      const { policy } = first.definition;
      const { procedure, router } = found;
      const { index, around } = first;
      return { policy, codec: transformers.codecFor(router), procedure, index, ...around };
    },
  };

  const splices = new WeakMap<object, Splices>();
  const hooks = new WeakMap<AnyTRPCRouter, Hooks>();
  function hooksFor(router: AnyTRPCRouter): Hooks {
    let found = hooks.get(router);
    if (found === undefined) {
      const def = (router as unknown as { _def: RouterDef })._def;
      const salt = `1/${transformers.codecFor(def).id}/${version}`;
      found = createHooks({
        calls,
        salt,
        exact: core.exact,
        splices,
        emitter: core.emitter,
        options: settings.http,
        speaks: (codec) => transformers.speaks(def, codec),
        mount: registry.mountOf(router),
        mayInvalidate(path) {
          const procedure = def.procedures[path];
          return procedure === undefined || own.in(procedure).some(({ definition }) => definition.kind !== 'cached');
        },
      });
      hooks.set(router, found);
    }
    return found;
  }

  const direct = {
    ...createLook({ direct: directParts, registry, isEnabled, core }),
    async invalidate(...given: readonly unknown[]) {
      const { targets, options: how } = splitOptions<InvalidateOptions>(given, ['mode', 'again']);
      if (targets.length === 0) {
        throw new CacheError('INVALID_TARGET', "invalidate: no target given. Write invalidate('post.*'), or clear().");
      }
      for (const target of targets) {
        checkTarget(target, 'invalidate');
        if (labelOf(target).startsWith('.')) {
          const fix =
            'A leading dot is relative to the router of a mutation, and there is none here. Write the whole path.';
          throw new CacheError('INVALID_TARGET', `invalidate: ${labelOf(target)}: ${fix}`);
        }
      }
      return invalidate(targets, undefined, resolveManner(how, 'invalidate'));
    },
    peek: (target: EntryTarget) => peek(target, directParts),
    refresh: <R>(target: EntryTarget, fn: () => R | Promise<R>) => refresh(target, fn, directParts),
  };

  return {
    ...direct,
    cached(given?: Duration | CachedOptions<any, any>) {
      return define(defineCached(given, settings));
    },
    invalidates: (...targets: readonly unknown[]) => define(defineInvalidates(targets)),
    settle: define({ kind: 'settle' }),
    register(router, { mount = '' } = {}) {
      if (typeof mount !== 'string' || mount.includes('*'))
        throw invalid('register: mount', "a path such as 'v2'", mount);
      registry.register(router, mount);
      return router;
    },
    http(given) {
      const { router, createContext, responseMeta } = given;
      registry.register(router);
      const { enter, leave } = hooksFor(router);
      return {
        ...given,
        // Some adapters give it more: Hono's hands its own context on as a second argument.
        createContext(opts: unknown, ...more: unknown[]) {
          enter(opts);
          return (createContext as ((...all: unknown[]) => unknown) | undefined)?.(opts, ...more);
        },
        responseMeta: (meta: never) =>
          leave(meta, (responseMeta && showing(meta, calls, () => responseMeta(meta))) ?? {}),
      } as never;
    },
    fetch: (handler, options = {}) => wrapFetch(handler, options, splices),
    control: (opts) => createControl(calls.wishesOf((opts as { getRawInput?: unknown } | undefined)?.getRawInput)),
    for: () => direct as never,
    wrap: createWrap({
      ...keyParts,
      core,
      defaults: settings.defaults,
      codec: () => codecFor(),
      isEnabled: (path) => directParts.isEnabled({ ctx: undefined, input: undefined, path }),
      advance,
    }),
    clear() {
      core.flights.clear();
      return advance('clear', [names.namespace]);
    },
    on: core.emitter.on,
    pure: own.pure,
    async audit(...given: readonly unknown[]) {
      const { auditRouters } = await import('./trpc/audit.ts'); // for tests and CI: no part of what is shipped
      return auditRouters(given, {
        ownIn: own.in,
        original: own.original,
        isOfLibrary: own.isOfLibrary,
        isPure: own.isPure,
        isRegistered: (router) => registry.routers().includes(router),
        mountOf: registry.mountOf,
        routers: registry.mounted,
        registered: () =>
          registry.match('*').paths.flatMap((path) => {
            const found = registry.find(path);
            return found === undefined ? [] : [[path, found.procedure] as const];
          }),
        scope: settings.scope,
      });
    },
    async close() {
      await close();
      await core.close();
    },
  };
}
