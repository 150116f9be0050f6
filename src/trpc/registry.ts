// Docs: docs/keys-and-scopes.md#which-procedure
import type { AnyTRPCRouter } from '@trpc/server';
import { CacheError, shown } from '../errors.ts';
import { matches } from '../pattern.ts';
import { type PathBook, Unparsed } from '../resolve.ts';

/** A middleware function as tRPC keeps it in a procedure; parsers carry a `_type`. */
export type Middleware = ((opts: never) => unknown) & { _type?: string };

/** A procedure as far as this library reads it. */
export interface ProcedureLike {
  readonly _def: { readonly type: string; readonly middlewares: Middleware[]; readonly experimental_caller?: boolean };
}

/** A router as far as this library reads it. */
export interface RouterDef {
  readonly router: true;
  readonly procedures: Record<string, ProcedureLike>;
  readonly lazy?: Record<string, { readonly load: () => Promise<unknown> }>;
  readonly _config: {
    readonly transformer: { readonly output: { serialize: (v: any) => any; deserialize: (v: any) => any } };
  };
}

/** Where one of this cache's middlewares stands: in which procedure, and at which place of its chain. */
export interface Place {
  readonly procedure: ProcedureLike;
  readonly router: RouterDef;
  /** The paths the procedure is called by, each with the path it is registered under. */
  readonly paths: Map<string, string>;
  /** The mounts it was ever registered under: its targets mean the same when the router is let go. */
  readonly mounts: Set<string>;
  readonly index: number;
}

/** Makes a middleware that knows its place; `undefined` for functions that are not of this cache. */
export type Binder = (middleware: Middleware) => ((place: Place) => Middleware) | undefined;

/** The routers of a cache: which procedure a path means, what lies behind a middleware, what a pattern matches. */
export interface Registry extends PathBook {
  readonly register: (router: AnyTRPCRouter, mount?: string) => void;
  /** The place of an unbound middleware that a lazy router brought in after registration. */
  readonly placeOf: (middleware: Middleware, path: string) => Place | undefined;
  /** The procedure registered at a full path, and its router. */
  readonly find: (path: string) => { readonly procedure: ProcedureLike; readonly router: RouterDef } | undefined;
  readonly routers: () => readonly RouterDef[];
  /** The registered routers themselves. */
  readonly mounted: () => readonly AnyTRPCRouter[];
  /** Where a router is registered; `''` without a mount. */
  readonly mountOf: (router: AnyTRPCRouter) => string;
}

/** What a registry needs of the middlewares it binds. */
export interface RegistryParts {
  readonly bind: Binder;
  /** Throws for a static target that matches none of `isKnown`. */
  readonly check: (procedure: ProcedureLike, path: string, isKnown: (pattern: string) => boolean) => void;
  /** Called with each procedure whose middlewares were bound. */
  readonly gate: (procedure: ProcedureLike) => void;
  /** Whether inputs of a procedure cannot be told from its entries, because one of its `cached` has a `key`. */
  readonly hasKey: (procedure: ProcedureLike) => boolean;
}

interface Mounted {
  readonly router: AnyTRPCRouter;
  readonly def: RouterDef;
  readonly mount: string;
}

/**
 * A path alone is not an identity: callers of two sub-routers give the same one. So every middleware of this cache found in a
 * registered procedure is replaced by one that knows its place (docs/decisions/0002-bound-middlewares.md).
 */
export function createRegistry({ bind, gate, check, hasKey }: RegistryParts): Registry {
  const mounted: Mounted[] = [];
  const places = new WeakMap<Middleware, Place>();
  const mountOf = (router: AnyTRPCRouter) => mounted.find((one) => one.router === router)?.mount;
  const fullPath = (mount: string, path: string) => (mount === '' ? path : `${mount}.${path}`);

  function bindProcedure(procedure: ProcedureLike, path: string, { def, mount }: Mounted): void {
    const { middlewares } = procedure._def;
    middlewares.forEach((middleware, index) => {
      const place = places.get(middleware);
      if (place !== undefined) {
        place.paths.set(path, fullPath(mount, path));
        place.mounts.add(mount);
        return;
      }
      const atPlace = bind(middleware);
      if (atPlace === undefined) return;
      const here: Place = {
        procedure,
        router: def,
        paths: new Map([[path, fullPath(mount, path)]]),
        mounts: new Set([mount]),
        index,
      };
      const bound = atPlace(here);
      places.set(bound, here);
      middlewares[index] = bound;
    });
    gate(procedure);
  }

  const pathsOf = (list: readonly Mounted[]) =>
    list.flatMap(({ def, mount }) => Object.keys(def.procedures).map((path) => fullPath(mount, path)));

  const find: Registry['find'] = (path) => {
    // The newest first: an edited router under the same paths (hot reload) has the parsers that count.
    for (const { def, mount } of mounted.toReversed()) {
      if (mount !== '' && !path.startsWith(`${mount}.`)) continue;
      const procedure = def.procedures[mount === '' ? path : path.slice(mount.length + 1)];
      if (procedure !== undefined) return { procedure, router: def };
    }
    return undefined;
  };

  const lazies = (list: readonly Mounted[]) =>
    list.flatMap(({ def, mount }) => Object.keys(def.lazy ?? {}).map((path) => fullPath(mount, path)));

  function register(router: AnyTRPCRouter, mount = ''): void {
    const at = mountOf(router);
    if (at !== undefined && (mount === '' || mount === at)) return;
    if (at !== undefined) {
      // Two names for one entry: a target that uses the one would miss what is stored under the other.
      throw new CacheError(
        'ROUTER_CONFLICT',
        `register: this router is registered already, ${at === '' ? 'without a mount' : `under ${shown(at)}`}. Register it once, with the mount.`,
      );
    }
    const def = defOf(router);
    const next: Mounted = { router, def, mount };
    const replaced = replacedBy(next, mounted);
    const after = [...mounted.filter((other) => !replaced.includes(other)), next];
    checkTargets(next, after);
    checkNames(next);
    for (const other of replaced) letGo(other);
    mounted.push(next);
    for (const path of Object.keys(def.procedures)) bindProcedure(def.procedures[path] as ProcedureLike, path, next);
  }

  /** A call of a procedure that stands at one path in two routers does not tell which of them was meant. */
  function checkNames({ def, mount }: Mounted): void {
    for (const [path, procedure] of Object.entries(def.procedures)) {
      const names = procedure._def.middlewares.map((middleware) => places.get(middleware)?.paths.get(path));
      const other = names.find((name) => name !== undefined && name !== fullPath(mount, path));
      if (other === undefined) continue;
      throw new CacheError(
        'ROUTER_CONFLICT',
        `register: ${fullPath(mount, path)} is the very procedure that is registered as ${other}. Make it anew for each router, by a function that makes it.`,
      );
    }
  }

  function letGo(replaced: Mounted): void {
    mounted.splice(mounted.indexOf(replaced), 1);
    for (const procedure of Object.values(replaced.def.procedures)) {
      for (const middleware of procedure._def.middlewares) places.get(middleware)?.paths.clear();
    }
  }

  function checkTargets(next: Mounted, after: readonly Mounted[]): void {
    const paths = pathsOf(after);
    const unloaded = lazies(after);
    const isPath = (pattern: string) =>
      paths.some((path) => matches(pattern, path)) || unloaded.some((lazy) => mayMatchBelow(pattern, lazy));
    const isKnown = (pattern: string) => isPath(pattern) || isPath(fullPath(next.mount, pattern));
    for (const path of Object.keys(next.def.procedures))
      check(next.def.procedures[path] as ProcedureLike, fullPath(next.mount, path), isKnown);
  }

  return {
    isEmpty: () => mounted.length === 0,
    register,
    find,
    routers: () => mounted.map(({ def }) => def),
    mounted: () => mounted.map(({ router }) => router),
    mountOf: (router) => mountOf(router) ?? '',
    placeOf(middleware, path) {
      for (const entry of mounted) {
        const procedure = entry.def.procedures[path];
        const index = procedure?._def.middlewares.indexOf(middleware) ?? -1;
        if (procedure === undefined || index < 0) continue;
        bindProcedure(procedure, path, entry);
        return places.get(procedure._def.middlewares[index] as Middleware);
      }
      return undefined;
    },
    match(pattern) {
      const paths = new Set(pathsOf(mounted).filter((path) => matches(pattern, path)));
      const complete = mounted.length > 0 && !lazies(mounted).some((lazy) => mayMatchBelow(pattern, lazy));
      return { paths: [...paths], complete };
    },
    async parse(path, input) {
      const procedure = find(path)?.procedure;
      if (procedure === undefined) throw new Unparsed('the procedure is not known to the registered routers');
      if (hasKey(procedure)) throw new Unparsed('the procedure names its entries by a key of its own');
      return parseInput(procedure, input);
    },
  };
}

/** An input as the parsers of a procedure (those before `end` in its chain) give it: runs tRPC's own parser middlewares. */
export async function parseInput(procedure: ProcedureLike, raw: unknown, end?: number): Promise<unknown> {
  let input: unknown;
  for (const middleware of procedure._def.middlewares.slice(0, end)) {
    if (middleware._type !== 'input') continue;
    const opts = {
      input,
      getRawInput: async () => raw,
      next: async (parsed?: { input?: unknown }) => {
        input = parsed?.input;
      },
    };
    await (middleware as unknown as (opts: object) => Promise<unknown>)(opts);
  }
  return input;
}

function defOf(router: AnyTRPCRouter): RouterDef {
  const def = (router as { _def?: { router?: unknown } } | undefined)?._def;
  if (def?.router !== true) {
    throw new CacheError(
      'INVALID_OPTION',
      `register: expected a tRPC router, received ${shown(router)}. Write cache.register(t.router({ … })).`,
    );
  }
  return def as unknown as RouterDef;
}

/** Whether a pattern could match a procedure below a path that is not loaded yet. */
function mayMatchBelow(pattern: string, lazy: string): boolean {
  const wanted = pattern.split('.');
  return lazy.split('.').every((segment, index) => {
    const other = wanted[index];
    return other === undefined ? wanted.at(-1) === '*' : other === '*' || other === segment;
  });
}

// Of one router in several module graphs, so many stay; one that is made anew for every request must not fill the memory.
const mostGraphs = 8;

/**
 * The routers that a new one under the same mount takes the place of. The same paths are the same router in another module
 * graph: both stay. One that has all paths of the other is an edited router (hot reload): the older one is let go, its calls
 * become bypasses. Two that merely overlap are two APIs, whose answers must not mix.
 */
function replacedBy(next: Mounted, mounted: readonly Mounted[]): Mounted[] {
  const paths = new Set(Object.keys(next.def.procedures));
  const graphs: Mounted[] = [];
  const edited: Mounted[] = [];
  for (const other of mounted) {
    if (other.mount !== next.mount || other.def === next.def) continue;
    const others = Object.keys(other.def.procedures);
    const shared = others.filter((path) => paths.has(path)).length;
    const isPart = Object.entries(next.def.procedures).every(
      ([path, procedure]) => other.def.procedures[path] === procedure,
    );
    if (isPart || (shared === others.length && shared === paths.size)) graphs.push(other);
    else if (shared > 0 && (shared === others.length || shared === paths.size)) edited.push(other);
    else {
      throw new CacheError(
        'ROUTER_CONFLICT',
        `register: another router is registered already, and the two differ. Give the second one a place of its own: cache.register(router, { mount: 'v2' }). If it is the same one, edited while the server runs, restart the server.`,
      );
    }
  }
  return [...edited, ...graphs.slice(0, Math.max(0, graphs.length + 1 - mostGraphs))];
}
