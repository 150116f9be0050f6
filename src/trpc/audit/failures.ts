// Docs: docs/errors.md#audit
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { error } from './finding.ts';
import type { Rule } from './survey.ts';

// They say something of a caller, not of what was asked for.
const refusals = ['UNAUTHORIZED', 'FORBIDDEN', 'PAYMENT_REQUIRED', 'TOO_MANY_REQUESTS', 'CLIENT_CLOSED_REQUEST'];

const unknownErrorCode: Rule = function* ({ path, policy }) {
  for (const code of policy?.errors.keys() ?? []) {
    if (Object.hasOwn(TRPC_ERROR_CODES_BY_KEY, code)) continue;
    const known = Object.keys(TRPC_ERROR_CODES_BY_KEY);
    const plain = (name: string) => name.replaceAll(/[^A-Za-z]/g, '').toUpperCase();
    const meant = known.find((name) => plain(name) === plain(code)) ?? 'NOT_FOUND';
    yield error(
      'unknown-error-code',
      `errors of cached on ${path} names ${code}, which is no code of tRPC: such a failure never comes. Write ${meant}, or remove it.`,
    );
  }
};

const refusalForEverybody: Rule = function* ({ path, policy }) {
  const code = policy?.scope === 'public' ? refusals.find((name) => policy.errors.has(name)) : undefined;
  if (code === undefined) return;
  yield error(
    'refusal-for-everybody',
    `errors of cached on ${path} remembers ${code}, and its scope is 'public': one caller is refused, and all are. Remove ${code}.`,
  );
};

/** Which failures are remembered. */
export const failureRules: readonly Rule[] = [unknownErrorCode, refusalForEverybody];
