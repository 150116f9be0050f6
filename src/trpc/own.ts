// Docs: docs/decisions/0002-bound-middlewares.md
import type { Calls } from './calls.ts';
import { type OwnKind, type Surroundings, surroundings } from './chain.ts';
import type { Definition } from './definition.ts';
import { gateAround } from './gate.ts';
import type { MiddlewareOpts } from './middleware.ts';
import type { Middleware, Place, ProcedureLike } from './registry.ts';

/** One of a cache's middlewares in the chain of a procedure. */
export interface OwnMiddleware {
  readonly definition: Definition;
  readonly index: number;
  readonly around: Surroundings;
}

/** Which functions are middlewares of this cache, and what they were defined as. */
export interface OwnMiddlewares {
  /** A middleware that stands in no registered procedure yet; `find` tells its place once it does. */
  readonly define: (
    definition: Definition,
    find: (middleware: Middleware, path: string) => Place | undefined,
  ) => Middleware;
  /** The same middleware, standing at a place; nothing for functions of others. */
  readonly bind: (middleware: Middleware) => ((place: Place) => Middleware) | undefined;
  /** Marks a middleware; of one that is piped together, gives a copy that is marked. */
  readonly pure: <M extends object>(middleware: M) => M;
  readonly isPure: (middleware: Middleware) => boolean;
  /** Whether a function is a middleware of this library, of this cache or of another. */
  readonly isOfLibrary: (middleware: Middleware) => boolean;
  /** A middleware as it was written, where a gate stands around it, or this is a copy. */
  readonly original: (middleware: Middleware) => Middleware;
  /** Watches what comes out of a procedure around its `cached`, where a middleware may look at it. */
  readonly gate: (procedure: ProcedureLike) => void;
  readonly in: (procedure: ProcedureLike) => readonly OwnMiddleware[];
  readonly around: (place: Place) => Surroundings;
  /** Whether a call of an unregistered router is the first procedure's of that path: two of them are not told apart. */
  readonly isFirst: (definition: Definition, path: string) => boolean;
}

// Another cache finds its own by the function itself: nothing may stand around it.
const ofLibrary = Symbol.for('trpc-cached.middleware');

/** Keeps book of a cache's own middlewares; `run` does their work. */
export function createOwnMiddlewares(
  run: (definition: Definition, opts: MiddlewareOpts, place: Place | undefined) => Promise<unknown>,
  calls: Calls,
): OwnMiddlewares {
  const definitions = new WeakMap<Middleware, Definition>();
  const pure = new WeakSet<Middleware>();
  const known = new WeakMap<Place, Surroundings>();
  const first = new Map<string, Definition>();
  const gates = new WeakMap<Middleware, Middleware>();
  const copied = new WeakMap<Middleware, Middleware>();

  const mark = (work: (opts: MiddlewareOpts) => Promise<unknown>, definition: Definition): Middleware => {
    definitions.set(work as Middleware, definition);
    return Object.defineProperty(work as Middleware, ofLibrary, { value: true });
  };
  const kindOf = (middleware: Middleware): OwnKind | undefined =>
    pure.has(middleware) ? 'pure' : definitions.get(middleware)?.kind;

  function pureCopy(middleware: Middleware): Middleware {
    if (pure.has(middleware) || ofLibrary in middleware) return middleware;
    const copy: Middleware = Object.assign((opts: never) => middleware(opts), middleware);
    copied.set(copy, middleware);
    pure.add(copy);
    return copy;
  }

  return {
    define(definition, find) {
      const middleware = mark((opts) => run(definition, opts, find(middleware, opts.path)), definition);
      return middleware;
    },
    bind(middleware) {
      const definition = definitions.get(middleware);
      return definition && ((place) => mark((opts) => run(definition, opts, place), definition));
    },
    pure(middleware) {
      const functions =
        '_middlewares' in middleware
          ? (middleware._middlewares as Middleware[])
          : [middleware as unknown as Middleware];
      // Each part of a pipe may stand elsewhere by itself: auth must not become pure there.
      if (functions.length > 1) return { ...middleware, _middlewares: functions.map(pureCopy) };
      for (const one of functions) pure.add(one);
      return middleware;
    },
    isPure: (middleware) => pure.has(middleware),
    isOfLibrary: (middleware) => ofLibrary in middleware,
    original(middleware) {
      const ungated = gates.get(middleware) ?? middleware;
      return copied.get(ungated) ?? ungated;
    },
    gate(procedure) {
      const { middlewares } = procedure._def;
      const index = middlewares.findIndex((middleware) => kindOf(middleware) === 'cached');
      const { watcher } = surroundings({ procedure, index }, kindOf);
      const outer = watcher === undefined ? undefined : middlewares[watcher];
      if (index < 0 || watcher === undefined || outer === undefined || ofLibrary in outer || gates.has(outer)) return;
      const gate = gateAround(outer, calls);
      gates.set(gate, outer);
      if (pure.has(outer)) pure.add(gate);
      middlewares[watcher] = gate;
    },
    in: (procedure) =>
      procedure._def.middlewares.flatMap((middleware, index) => {
        const definition = definitions.get(middleware);
        return definition ? { definition, index, around: surroundings({ procedure, index }, kindOf) } : [];
      }),
    isFirst(definition, path) {
      if (!first.has(path)) first.set(path, definition);
      return first.get(path) === definition;
    },
    around(place) {
      let around = known.get(place);
      if (around === undefined) known.set(place, (around = surroundings(place, kindOf)));
      return around;
    },
  };
}
