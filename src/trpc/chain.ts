// Docs: docs/keys-and-scopes.md#order-of-middlewares
import type { Middleware, Place } from './registry.ts';

/** What this library's own middlewares are, so that they are told from the user's. */
export type OwnKind = 'cached' | 'invalidates' | 'settle' | 'pure';

/** What stands around a `cached` in the chain of its procedure. */
export interface Surroundings {
  /** A middleware behind it that a hit would skip. */
  readonly skipped: boolean;
  /** A parser behind it: the input it sees is not the procedure's. */
  readonly parsersBehind: boolean;
  /** How many middlewares before it may have changed the input, or may commit after it. */
  readonly strangersBefore: number;
  /** The outermost middleware before it that may look at what it returns. */
  readonly watcher: number | undefined;
}

/** Reads the chain of a procedure around one of its middlewares; the last link is the resolver. */
export function surroundings(
  { procedure, index }: Pick<Place, 'procedure' | 'index'>,
  kindOf: (middleware: Middleware) => OwnKind | undefined,
): Surroundings {
  const chain = procedure._def.middlewares;
  const isStranger = (middleware: Middleware) => middleware._type === undefined && kindOf(middleware) === undefined;
  const before = chain.slice(0, index);
  const behind = chain.slice(index + 1, -1);
  const isSkipped = (middleware: Middleware) =>
    isStranger(middleware) || kindOf(middleware) === 'invalidates' || kindOf(middleware) === 'settle';
  const watcher = before.findIndex((middleware) => isWatcher(middleware, kindOf(middleware)));
  return {
    skipped: behind.some(isSkipped),
    parsersBehind: behind.some((middleware) => middleware._type === 'input'),
    strangersBefore: before.filter(isStranger).length,
    watcher: watcher < 0 ? undefined : watcher,
  };
}

/** A parser of inputs hands results on, and so do `cached` and `settle`; a parser of outputs reads them, and so do targets. */
const isWatcher = ({ _type }: Middleware, kind: OwnKind | undefined): boolean =>
  _type !== 'input' && kind !== 'cached' && kind !== 'settle';
