// Docs: docs/errors.md#audit
import type { AnyTRPCRouter } from '@trpc/server';
import { CacheError, invalid, rejectUnknown } from '../../errors.ts';
import { matches } from '../../pattern.ts';
import type { AuditFinding, AuditRule } from './finding.ts';

/** Findings that are known to be none. */
export interface AuditIgnore {
  /** The rule that is mistaken. */
  readonly rule: AuditRule;
  /** The procedure, or a pattern of several. @default all */
  readonly path?: string;
}

/**
 * Options of `cache.audit`, behind the routers.
 *
 * @example
 * ```ts
 * import type { AuditOptions } from 'trpc-cached';
 *
 * const options: AuditOptions = { ignore: [{ rule: 'mutation-without-invalidates', path: 'auth.*' }] };
 * ```
 */
export interface AuditOptions {
  /** What not to report: the answer to a finding that is wrong. @default nothing */
  readonly ignore?: readonly AuditIgnore[];
}

/** What `cache.audit` was given: routers, or where there are none, all that are registered. */
export function auditArguments(
  given: readonly unknown[],
  registered: readonly AnyTRPCRouter[],
): { readonly routers: readonly AnyTRPCRouter[]; readonly ignore: readonly AuditIgnore[] } {
  const last = given.at(-1);
  const isOptions = typeof last === 'object' && last !== null && !('_def' in last);
  const options = (isOptions ? last : {}) as AuditOptions;
  rejectUnknown(options, ['ignore'], 'audit');
  const { ignore = [] } = options;
  const isIgnore = (one: unknown) => typeof (one as AuditIgnore | null)?.rule === 'string';
  if (!Array.isArray(ignore) || !ignore.every(isIgnore))
    throw invalid('audit: ignore', "a list such as [{ rule: 'mutation-without-invalidates', path: 'auth.*' }]", ignore);
  for (const one of ignore) {
    rejectUnknown(one, ['rule', 'path'], 'audit: ignore');
    if (one.path !== undefined && typeof one.path !== 'string')
      throw invalid('audit: ignore: path', "a path or pattern such as 'auth.*'", one.path);
  }
  const routers = isOptions ? given.slice(0, -1) : given;
  for (const router of routers) {
    const { router: isRouter } = ((router as { _def?: { router?: unknown } } | null | undefined)?._def ?? {}) as {
      router?: unknown;
    };
    if (isRouter !== true) throw invalid('audit', 'tRPC routers, such as cache.audit(appRouter)', router);
  }
  if (routers.length > 0) return { routers: routers as AnyTRPCRouter[], ignore };
  if (registered.length > 0) return { routers: registered, ignore };
  throw new CacheError(
    'INVALID_OPTION',
    'audit: no router was given, and none is registered: nothing would be looked at. Write cache.audit(appRouter).',
  );
}

/** Whether somebody said that a finding is none. */
export const isIgnored = ({ rule, path }: AuditFinding, ignore: readonly AuditIgnore[]): boolean =>
  ignore.some((one) => one.rule === rule && (one.path === undefined || matches(one.path, path)));
