// Docs: docs/how-it-works.md
import { TRPCError } from '@trpc/server';
import type { Answer } from '../call.ts';
import type { Ran } from '../fill.ts';
import type { GetRawInput } from './calls.ts';

/** What tRPC hands to a middleware, as far as it is read here. */
export interface MiddlewareOpts {
  readonly ctx: unknown;
  readonly input: unknown;
  readonly path: string;
  readonly type: string;
  readonly signal?: AbortSignal;
  readonly getRawInput: GetRawInput;
  readonly next: (changed?: { getRawInput: GetRawInput }) => Promise<MiddlewareResult>;
}

/** What a middleware resolves to. Only `data` is ever cached: the rest holds `ctx`. */
export interface MiddlewareResult {
  readonly marker?: 'middlewareMarker';
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: TRPCError;
  readonly ctx?: unknown;
}

/** A result that hands an output on. */
export const handOn = (data: unknown): MiddlewareResult => ({ marker: 'middlewareMarker', ok: true, data });

/** Whether code and message are all there is to an error. */
const isPlainError = (error: TRPCError | undefined): boolean =>
  error !== undefined &&
  Object.getPrototypeOf(error) === TRPCError.prototype &&
  error.cause === undefined &&
  Object.keys(error).every((name) => name === 'code' || name === 'name' || name === 'cause');

/** The end of a procedure as the core knows it. */
export function ranOf(result: MiddlewareResult): Ran<MiddlewareResult> {
  if (result.ok) return { ok: true, data: result.data, result };
  const { error } = result;
  return {
    ok: false,
    failure: { code: error?.code ?? '', message: error?.message ?? '', plain: isPlainError(error), error },
    result,
  };
}

/** The answer of the core as tRPC wants it from a middleware. */
export function resultOf(answered: Answer<MiddlewareResult>, opts: MiddlewareOpts): MiddlewareResult {
  if (answered.status === 'bypass') return answered.ran.result;
  if ('failed' in answered) return answered.failed;
  if ('ran' in answered) {
    const { ran, sealed } = answered;
    return ran.ok && sealed !== undefined ? { ...ran.result, data: sealed.value } : ran.result;
  }
  const { failure } = answered.entry;
  const result =
    failure === undefined
      ? { ok: true, data: answered.value }
      : { ok: false, error: new TRPCError(failure as { code: TRPCError['code']; message: string }) };
  return { marker: 'middlewareMarker', ...result, ctx: opts.ctx };
}
