// Docs: docs/invalidation.md#from-outside
import type { AnyTRPCRouter } from '@trpc/server';
import type { Explanation } from '../explanation.ts';
import type { InvalidateOptions, InvalidateResult } from '../invalidate.ts';
import type { ScopeValue } from '../key.ts';
import type { EntryTarget, Peeked } from './direct.ts';
import type { ExplainOptions } from './explain.ts';

type RecordOf<Router> = Router extends { _def: { record: infer Record } } ? Record : never;
type Leaf = { _def: { $types: { input: unknown; output: unknown } } };
type Query = { _def: { type: 'query' } };
// A router of unknown shape has every path: without this the walk would not end.
type PathsIn<Record, Prefix extends string = ''> = string extends keyof Record
  ? string
  : {
      [Name in keyof Record & string]: Record[Name] extends Leaf
        ? Record[Name] extends Query
          ? `${Prefix}${Name}`
          : never
        : PathsIn<Record[Name], `${Prefix}${Name}.`>;
    }[keyof Record & string];
type LeafAt<Record, Path extends string> = Path extends keyof Record
  ? Record[Path]
  : Path extends `${infer Head}.${infer Tail}`
    ? Head extends keyof Record
      ? LeafAt<Record[Head], Tail>
      : never
    : never;
type InputAt<Router, Path extends string> =
  LeafAt<RecordOf<Router>, Path> extends { _def: { $types: { input: infer Input } } } ? Input : never;
type OutputAt<Router, Path extends string> =
  LeafAt<RecordOf<Router>, Path> extends { _def: { $types: { output: infer Output } } } ? Output : never;
type Parents<Path extends string> = Path extends `${infer Head}.${infer Tail}`
  ? Head | `${Head}.${Parents<Tail>}`
  : never;

/** The paths of a router's queries: of what can be cached. */
export type PathsOf<Router extends AnyTRPCRouter> = PathsIn<RecordOf<Router>>;

/** An entry of a query, with its input where the query needs one. */
type EntryOf<Router, Path extends string> = Omit<EntryTarget<Path>, 'input'> &
  (undefined extends InputAt<Router, Path>
    ? { readonly input?: InputAt<Router, Path> }
    : { readonly input: InputAt<Router, Path> });
type InputFirst<Input, More extends unknown[]> = undefined extends Input
  ? [input?: Input, ...more: More]
  : [input: Input, ...more: More];

/** What stands for several paths: all, a sub-router, or what is called the same in each of them. */
type Patterns<Path extends string> = '*' | `${Parents<Path>}.*` | EachRouters<Path>;
type EachRouters<Path extends string> = Path extends `${string}.${infer Rest}` ? `*.${Rest}` : never;

/** Targets whose paths and inputs are checked against a router. */
export type TypedTarget<Router extends AnyTRPCRouter> =
  | PathsOf<Router>
  | Patterns<PathsOf<Router>>
  | {
      [Path in PathsOf<Router>]: {
        path: Path;
        input?: InputAt<Router, Path>;
        scope?: ScopeValue;
        key?: never;
        tag?: never;
      };
    }[PathsOf<Router>]
  | { path: Patterns<PathsOf<Router>>; scope?: ScopeValue; input?: never; key?: never; tag?: never }
  | { path: PathsOf<Router>; key: string; scope?: never; input?: never; tag?: never }
  | { tag: string; path?: never; input?: never; scope?: never; key?: never }
  | { scope: ScopeValue; path?: never; input?: never; key?: never; tag?: never };

/** The cache as seen from outside of the router, with the paths and types of `Router`. */
export interface TypedCache<Router extends AnyTRPCRouter> {
  /** As `cache.invalidate`, with the paths, patterns and inputs of the router. */
  readonly invalidate: (
    ...targets: readonly [TypedTarget<Router>, ...(TypedTarget<Router> | InvalidateOptions)[]]
  ) => Promise<InvalidateResult>;
  /** As `cache.peek`, with the output of the path. */
  readonly peek: <Path extends PathsOf<Router>>(
    target: EntryOf<Router, Path>,
  ) => Promise<Peeked<OutputAt<Router, Path>> | undefined>;
  /** As `cache.refresh`; `fn` returns what the procedure would. */
  readonly refresh: <Path extends PathsOf<Router>, R extends OutputAt<Router, Path>>(
    target: EntryOf<Router, Path>,
    fn: () => R | Promise<R>,
  ) => Promise<R>;
  /** As `cache.explain`, with the paths and inputs of the router. */
  readonly explain: <Path extends PathsOf<Router>>(
    path: Path,
    ...given: InputFirst<InputAt<Router, Path>, [ctx?: unknown, options?: ExplainOptions]>
  ) => Promise<Explanation>;
}
