// Docs: docs/errors.md#audit

import { matches } from '../../pattern.ts';
import type { Policy, Scope } from '../../policy.ts';
import { absolute } from '../../targets.ts';
import type { CachedDefinition } from '../definition.ts';
import type { InvalidatesDefinition } from '../invalidates.ts';
import type { OwnMiddleware } from '../own.ts';
import type { Middleware, ProcedureLike } from '../registry.ts';
import type { Found } from './finding.ts';

/** A procedure that an audit looks at. */
export interface Subject {
  readonly path: string;
  /** With the mount of its router. */
  readonly full: string;
  readonly procedure: ProcedureLike;
  readonly type: string;
  /** This cache's middlewares in its chain, from the outside to the inside. */
  readonly own: readonly OwnMiddleware[];
  /** Its first `cached`: the one that decides. */
  readonly cached: (OwnMiddleware & { readonly definition: CachedDefinition }) | undefined;
  readonly policy: Policy | undefined;
  /** Its chain as it was written, the resolver's link at its end. */
  readonly chain: readonly Middleware[];
  /** Whether the one at this place of the chain is marked `cache.pure`. */
  readonly isPureAt: (index: number) => boolean;
  /** What `query` or `mutation` was given. */
  readonly resolver: unknown;
  /** Whether another cache of this library has a middleware in it, and this one has none. */
  readonly isOfAnother: boolean;
}

/** All procedures that are known, and what an audit asks about them. */
export interface Survey {
  readonly subjects: readonly Subject[];
  /** The procedures that a pattern matches, from within the router of `base`. */
  readonly matching: (pattern: string, base: Subject) => readonly Subject[];
  /** The scope of the cache. */
  readonly scope: Scope<any, any>;
}

/** Looks at one procedure; a mistake that it does not concern is none. */
export type Rule = (subject: Subject, survey: Survey) => Iterable<Found> | AsyncIterable<Found>;

/** What there is to be told from a procedure as tRPC keeps it. */
export interface ProcedureParts {
  readonly ownIn: (procedure: ProcedureLike) => readonly OwnMiddleware[];
  /** A middleware as it was written, where this cache has put itself around it. */
  readonly original: (middleware: Middleware) => Middleware;
  readonly isOfLibrary: (middleware: Middleware) => boolean;
  readonly isPure: (middleware: Middleware) => boolean;
}

/** What is told of a procedure at a path. */
export function subjectOf(path: string, mount: string, procedure: ProcedureLike, parts: ProcedureParts): Subject {
  const own = parts.ownIn(procedure);
  const cached = own.find(({ definition }) => definition.kind === 'cached') as Subject['cached'];
  const { middlewares } = procedure._def;
  const chain = middlewares.map(parts.original);
  return {
    path,
    full: mount === '' ? path : `${mount}.${path}`,
    procedure,
    type: procedure._def.type,
    own,
    cached: procedure._def.type === 'query' ? cached : undefined,
    policy: procedure._def.type === 'query' ? cached?.definition.policy : undefined,
    chain,
    isPureAt: (index) => parts.isPure(middlewares[index] as Middleware),
    resolver: (procedure._def as { resolver?: unknown }).resolver,
    isOfAnother: own.length === 0 && chain.some(parts.isOfLibrary),
  };
}

/** Which subjects a pattern means that is written in a procedure: as it is, and inside of the mount of its router. */
export function matchingIn(subjects: readonly Subject[]): Survey['matching'] {
  return (pattern, base) => {
    const mount = base.full.slice(0, base.full.length - base.path.length);
    const whole = absolute(pattern, base.path) ?? pattern;
    return subjects.filter(({ full }) => matches(`${mount}${whole}`, full) || matches(whole, full));
  };
}

/** The uses of `invalidates` in a procedure. */
export const invalidatesOf = ({ own }: Subject): (OwnMiddleware & { readonly definition: InvalidatesDefinition })[] =>
  own.filter((one) => one.definition.kind === 'invalidates') as never;

/** Whether a middleware parses input. */
export const isInputParser = ({ _type }: Middleware): boolean => _type === 'input';
