// Docs: docs/errors.md#audit
import { absolute } from '../targets.ts';
import type { CachedDefinition } from './cached.ts';
import type { Surroundings } from './chain.ts';
import type { InvalidatesDefinition } from './invalidates.ts';
import type { ProcedureLike } from './registry.ts';

/** A mistake that can be seen from the router. */
export interface AuditFinding {
  /** `error`: the cache does not do what was written. `warning`: it does, but probably not what was meant. */
  readonly severity: 'error' | 'warning';
  /** The procedure, or `''` for the whole router. */
  readonly path: string;
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

/** One of this cache's middlewares in a procedure. */
export interface OwnMiddleware {
  readonly definition: CachedDefinition | InvalidatesDefinition | { readonly kind: 'settle' };
  readonly index: number;
  readonly around: Surroundings;
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
      if (around.strangersBefore && !settles.some((settle) => settle.index < index)) {
        report(
          'warning',
          'invalidates-behind-middleware',
          `A middleware around invalidates of ${path} may commit after it. If it does, add .use(cache.settle) before that middleware.`,
        );
      }
      for (const pattern of staticPatterns(definition)) {
        const resolved = absolute(pattern, path);
        if (resolved !== undefined && !isKnown(resolved))
          report(
            'error',
            'unmatched-pattern',
            `${pattern} matches no procedure. Correct the path, or write { path: '${pattern}', external: true } if another deployment has it.`,
          );
      }
    }
  }
  return findings;
}

/** The paths and patterns written down in an `invalidates`, except those declared to be elsewhere. */
export function staticPatterns({ targets }: InvalidatesDefinition): string[] {
  return targets.flatMap((target) => {
    if (typeof target === 'string') return target;
    if (typeof target !== 'object' || target.path === undefined || target.external === true) return [];
    return target.path;
  });
}
