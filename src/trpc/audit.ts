// Docs: docs/errors.md#audit
import type { AnyTRPCRouter } from '@trpc/server';
import { matches } from '../targets.ts';
import { unmatchedPatterns } from './invalidates.ts';
import type { OwnMiddleware } from './own.ts';
import type { ProcedureLike, RouterDef } from './registry.ts';

/** A mistake that can be seen from the router. */
export interface AuditFinding {
  /** `error`: the cache does not do what was written. `warning`: it does, but probably not what was meant. */
  readonly severity: 'error' | 'warning';
  /** The procedure, or `''` for the whole router. */
  readonly path: string;
  /** The mistake; docs/errors.md explains each. */
  readonly rule:
    | 'unregistered-router'
    | 'cached-not-a-query'
    | 'middleware-behind-cached'
    | 'invalidates-behind-cached'
    | 'second-cached-narrows'
    | 'unmatched-pattern'
    | 'invalidates-behind-middleware'
    | 'invalidates-on-a-query';
  /** What to write instead. */
  readonly fix: string;
}

/** What an audit looks at. */
export interface AuditSubject {
  readonly path: string;
  readonly procedure: ProcedureLike;
  readonly own: readonly OwnMiddleware[];
  readonly isKnown: (pattern: string) => boolean;
}

/** The findings of one procedure. */
export function auditProcedure({ path, procedure, own, isKnown }: AuditSubject): AuditFinding[] {
  const findings: AuditFinding[] = [];
  const report = (severity: AuditFinding['severity'], rule: AuditFinding['rule'], fix: string) =>
    findings.push({ severity, path, rule, fix });
  const settles = own.filter(({ definition }) => definition.kind === 'settle');
  let cachedBefore = false;
  for (const { definition, index, around } of own) {
    if (definition.kind === 'cached') {
      if (procedure._def.type !== 'query')
        report(
          'error',
          'cached-not-a-query',
          `${path} is a ${procedure._def.type}: cached passes through. Remove it, or make it a query.`,
        );
      if (!cachedBefore && around.skipped)
        report(
          'error',
          'middleware-behind-cached',
          `A hit on ${path} would skip a middleware behind cached, so it is never cached. Move cached behind it, or mark it cache.pure(middleware).`,
        );
      if (cachedBefore && definition.narrows)
        report(
          'error',
          'second-cached-narrows',
          `The second cached of ${path} sets more than ttl and tags, which cannot be honoured, so nothing is kept. Set those options on the first one.`,
        );
      cachedBefore = true;
    }
    if (definition.kind === 'invalidates') {
      if (procedure._def.type === 'query') {
        report(
          'warning',
          'invalidates-on-a-query',
          `${path} is a query: queries are repeated and prefetched at will. Move invalidates to the mutation that makes the change.`,
        );
        if (cachedBefore)
          report(
            'error',
            'invalidates-behind-cached',
            `A hit on ${path} would skip invalidates. Put invalidates before cached.`,
          );
      }
      // A settle with nothing between it and this collects nothing for anybody.
      const settled = settles.some(
        (settle) => settle.index < index && settle.around.strangersBefore < around.strangersBefore,
      );
      if (around.strangersBefore > 0 && !settled) {
        report(
          'warning',
          'invalidates-behind-middleware',
          `A middleware around invalidates of ${path} may commit after it. If it does, add .use(cache.settle) before that middleware.`,
        );
      }
      for (const fix of unmatchedPatterns(definition, path, isKnown)) report('error', 'unmatched-pattern', fix);
    }
  }
  return findings;
}

/** What an audit needs of its cache. */
export interface AuditParts {
  readonly ownIn: (procedure: ProcedureLike) => readonly OwnMiddleware[];
  readonly isRegistered: (router: RouterDef) => boolean;
  /** Whether a procedure of any registered router matches. */
  readonly isKnown: (pattern: string) => boolean;
}

/** The findings of whole routers, lazy ones loaded. */
export async function auditRouters(
  routers: readonly AnyTRPCRouter[],
  { ownIn, isRegistered, isKnown: isRegisteredPath }: AuditParts,
): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const router of routers) {
    const def = (router as unknown as { _def: RouterDef })._def;
    await loadLazies(def);
    const subjects = Object.entries(def.procedures).map(([path, procedure]) => ({
      path,
      procedure,
      own: ownIn(procedure),
    }));
    if (!isRegistered(def) && subjects.some(({ own }) => own.length > 0)) {
      const fix = 'Write export const appRouter = cache.register(t.router({ … })), or pass the router to cache.http.';
      findings.push({ severity: 'error', path: '', rule: 'unregistered-router', fix });
    }
    const isKnown = (pattern: string) =>
      subjects.some(({ path }) => matches(pattern, path)) || isRegisteredPath(pattern);
    findings.push(...subjects.flatMap((subject) => auditProcedure({ ...subject, isKnown })));
  }
  return findings;
}

async function loadLazies({ lazy = {} }: RouterDef): Promise<void> {
  // Loading one may bring in others.
  for (let [next] = Object.values(lazy); next !== undefined; [next] = Object.values(lazy)) await next.load();
}
