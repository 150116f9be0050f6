// Docs: docs/errors.md#audit
import type { AnyTRPCRouter } from '@trpc/server';
import type { Scope } from '../policy.ts';
import { failureRules } from './audit/failures.ts';
import type { AuditFinding } from './audit/finding.ts';
import { inputRules } from './audit/inputs.ts';
import { auditArguments, isIgnored } from './audit/options.ts';
import { placementRules } from './audit/placement.ts';
import { scopeRules } from './audit/scopes.ts';
import { matchingIn, type ProcedureParts, type Rule, type Subject, type Survey, subjectOf } from './audit/survey.ts';
import { targetRules } from './audit/targets.ts';
import type { ProcedureLike, RouterDef } from './registry.ts';

/** What an audit needs of its cache. */
export interface AuditParts extends ProcedureParts {
  readonly isRegistered: (router: RouterDef) => boolean;
  /** Where a router is registered; `''` without a mount. */
  readonly mountOf: (router: AnyTRPCRouter) => string;
  readonly routers: () => readonly AnyTRPCRouter[];
  /** The procedures of all registered routers, by full path. */
  readonly registered: () => readonly (readonly [path: string, procedure: ProcedureLike])[];
  readonly scope: Scope<any, any>;
}

const rules: readonly Rule[] = [...placementRules, ...inputRules, ...scopeRules, ...failureRules, ...targetRules];

/** The findings of whole routers, lazy ones loaded; given are routers and options as `cache.audit` takes them. */
export async function auditRouters(given: readonly unknown[], parts: AuditParts): Promise<AuditFinding[]> {
  const { routers, ignore } = auditArguments(given, parts.routers());
  const findings: AuditFinding[] = [];
  const audited: Subject[] = [];
  for (const router of routers) {
    const def = (router as unknown as { _def: RouterDef })._def;
    findings.push(...(await loadLazies(def)));
    const subjects = Object.entries(def.procedures).map(([path, procedure]) =>
      subjectOf(path, parts.mountOf(router), procedure, parts),
    );
    audited.push(...subjects);
    if (parts.isRegistered(def) || subjects.every(({ own }) => own.length === 0)) continue;
    const fix =
      'This router uses the cache, which does not know it. If it is part of a registered router, audit that one. Else write export const appRouter = cache.register(t.router({ … })), or pass the router to cache.http.';
    findings.push({ severity: 'error', path: '', rule: 'unregistered-router', fix });
  }
  const seen = new Set(audited.map(({ full }) => full));
  const others = parts.registered().filter(([path]) => !seen.has(path));
  const subjects = [...audited, ...others.map(([path, procedure]) => subjectOf(path, '', procedure, parts))];
  const survey: Survey = { subjects, matching: matchingIn(subjects), scope: parts.scope };
  for (const subject of audited) {
    for (const rule of rules) {
      for await (const found of rule(subject, survey)) findings.push({ ...found, path: subject.path });
    }
  }
  return findings.filter((finding) => !isIgnored(finding, ignore));
}

/** Loads what is lazy, and what that brings in; one that fails is a finding, and what it would hold is not looked at. */
async function loadLazies(def: RouterDef): Promise<AuditFinding[]> {
  const failed = new Map<string, AuditFinding>();
  for (;;) {
    const next = Object.entries(def.lazy ?? {}).find(([path]) => !failed.has(path));
    if (next === undefined) return [...failed.values()];
    const [path, { load }] = next;
    try {
      await load();
    } catch (error) {
      const fix = `The lazy router at ${path} does not load: ${error instanceof Error ? error.message : String(error)}. Until it does, what is below ${path} is neither cached nor known to patterns. Correct what lazy(…) imports there.`;
      failed.set(path, { severity: 'error', path, rule: 'lazy-router-fails', fix });
    }
  }
}
