// Docs: docs/clients.md#react-query

import { invalid, rejectUnknown } from '../errors.ts';
import { isToken } from '../http/token.ts';
import { concerns, type Invalidated, partsOf, readTold } from './told.ts';

/** Whether a query key of tRPC's React Query integrations is of a query that a mutation invalidated. */
export type Matches = (queryKey: readonly unknown[]) => boolean;

/** What {@link invalidationLink} does. */
export interface InvalidationLinkOptions {
  /**
   * Called once for each response to mutations that invalidated something (by `httpBatchStreamLink`, for each mutation), before
   * the mutation's promise goes on. What it returns is not waited for; what it throws goes to `reportError`, where there is
   * one, and never to the mutation.
   */
  readonly onInvalidated: (matches: Matches, invalidated: readonly Invalidated[]) => unknown;
  /** The header, as in `http.tellInvalidated` of the server's cache. @default 'x-cache-invalidated' */
  readonly header?: string;
  /** Matches only keys with this `keyPrefix` of `@trpc/tanstack-react-query`. @default keys with and without any */
  readonly keyPrefix?: string;
}

/** An observable of tRPC, as far as a link reads it. */
export interface Results {
  /** Calls back with each result. */
  subscribe(observer: any): any;
}

/** A link of tRPC, for a client of any router. */
export type InvalidationLink = (
  runtime: unknown,
) => <Observable extends Results>(opts: {
  readonly op: { readonly type: string };
  readonly next: (op: any) => Observable;
}) => Observable;

interface Observer {
  readonly next?: (result: { readonly context?: Context | undefined }) => void;
  readonly error?: (error: unknown) => void;
  readonly complete?: () => void;
}

/** Where links of tRPC leave the response. */
type Context = { readonly response?: unknown };

/**
 * A link of tRPC that reads what a mutation invalidated from its response and hands it on, so that one declaration on the
 * server renews the queries of the client too. The server's cache needs `http: { tellInvalidated: true }`.
 *
 * @throws CacheError `INVALID_OPTION` when `onInvalidated` is no function, for a `header` that is no name, an empty `keyPrefix`, and
 * options it does not know.
 * @example
 * ```ts
 * import { QueryClient } from '@tanstack/query-core';
 * import { createTRPCClient, httpBatchLink } from '@trpc/client';
 * import { invalidationLink } from 'trpc-cached/client';
 *
 * const queryClient = new QueryClient();
 * createTRPCClient<AppRouter>({
 *   links: [
 *     invalidationLink({
 *       onInvalidated: (matches) =>
 *         queryClient.invalidateQueries({ predicate: ({ queryKey }) => matches(queryKey) }),
 *     }),
 *     httpBatchLink({ url: '/trpc' }),
 *   ],
 * });
 * ```
 */
export function invalidationLink(options: InvalidationLinkOptions): InvalidationLink {
  rejectUnknown(options, ['onInvalidated', 'header', 'keyPrefix'], 'invalidationLink');
  const { onInvalidated, header = 'x-cache-invalidated', keyPrefix } = options;
  if (typeof onInvalidated !== 'function')
    throw invalid('invalidationLink: onInvalidated', 'a function of (matches, invalidated)', onInvalidated);
  if (typeof header !== 'string' || !isToken(header))
    throw invalid('invalidationLink: header', "a header name such as 'x-cache-invalidated'", header);
  if (keyPrefix !== undefined && (typeof keyPrefix !== 'string' || keyPrefix === ''))
    throw invalid('invalidationLink: keyPrefix', "the keyPrefix of your tRPC integration such as 'shop'", keyPrefix);
  // All mutations of a batch have the same response.
  const seen = new WeakSet<object>();

  function read(context: Context | undefined): unknown {
    const response = context?.response as { headers?: { get?: (name: string) => string | null } } | undefined;
    const text = response?.headers?.get?.(header);
    if (response === undefined || typeof text !== 'string' || seen.has(response)) return undefined;
    const { invalidated, ahead } = readTold(text);
    if (!ahead) seen.add(response);
    if (invalidated.length === 0) return undefined;
    const matches: Matches = (queryKey) => {
      const parts = partsOf(queryKey);
      if (parts === undefined || (keyPrefix !== undefined && parts.prefix !== keyPrefix)) return false;
      return invalidated.some((one) => concerns(one, parts));
    };
    return onInvalidated(matches, invalidated);
  }

  return () =>
    ({ op, next }) => {
      const results = next(op);
      if (op.type !== 'mutation') return results;
      const subscribe = (observer: Observer) =>
        results.subscribe({
          next(result: { context?: Context }) {
            attempt(() => read(result.context));
            observer.next?.(result);
          },
          // A mutation that failed may have invalidated, and so may others of its batch.
          error(error: unknown) {
            attempt(() => read((error as { meta?: Context } | null | undefined)?.meta));
            observer.error?.(error);
          },
          complete: () => observer.complete?.(),
        });
      const told = {
        subscribe,
        pipe: (...operators: ((from: unknown) => unknown)[]) =>
          operators.reduce<unknown>((from, operator) => operator(from), told),
      };
      return told as unknown as typeof results;
    };
}

// RFC 9110 section 5.6.2.

/** Reads a response, and lets the callback do its work; that either fails is not the mutation's fault. */
function attempt(work: () => unknown): void {
  const report = (error: unknown) => (globalThis as { reportError?: (error: unknown) => void }).reportError?.(error);
  try {
    Promise.resolve(work()).catch(report);
  } catch (error) {
    report(error);
  }
}
