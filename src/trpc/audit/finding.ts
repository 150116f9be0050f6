// Docs: docs/errors.md#audit
/** A mistake that can be seen from the router; docs/errors.md explains each. */
export type AuditRule =
  | 'unregistered-router'
  | 'lazy-router-fails'
  | 'cached-not-a-query'
  | 'middleware-behind-cached'
  | 'pure-guards'
  | 'pure-changes-ctx'
  | 'second-cached-narrows'
  | 'output-outside-cached'
  | 'stream-not-collected'
  | 'input-behind'
  | 'unstable-input'
  | 'parser-hangs'
  | 'public-reads-user'
  | 'cdn-behind-auth'
  | 'scope-says-public'
  | 'scope-async'
  | 'scope-undefined'
  | 'vary-on-credentials'
  | 'unknown-error-code'
  | 'refusal-for-everybody'
  | 'invalidates-on-a-query'
  | 'invalidates-behind-cached'
  | 'invalidates-behind-middleware'
  | 'settle-behind-invalidates'
  | 'mutation-without-invalidates'
  | 'unmatched-pattern'
  | 'target-not-cached'
  | 'target-of-another-cache'
  | 'target-refused'
  | 'target-scope-unused'
  | 'target-misses-twin'
  | 'tag-is-no-pattern'
  | 'unmatched-tag'
  | 'expire-without-window'
  | 'empties-every-user';

/** A mistake that can be seen from the router. */
export interface AuditFinding {
  /** `error`: the cache does not do what was written. `warning`: it does, but probably not what was meant. */
  readonly severity: 'error' | 'warning';
  /** The procedure, or `''` for the whole router. */
  readonly path: string;
  /** The mistake; docs/errors.md explains each. */
  readonly rule: AuditRule;
  /** What is wrong, and what to write instead. */
  readonly fix: string;
}

/** A finding of a rule, which knows no more than one procedure. */
export type Found = Omit<AuditFinding, 'path'>;

/** The cache does not do what was written. */
export const error = (rule: AuditRule, fix: string): Found => ({ severity: 'error', rule, fix });

/** It does, but probably not what was meant. */
export const warning = (rule: AuditRule, fix: string): Found => ({ severity: 'warning', rule, fix });
