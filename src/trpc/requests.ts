// Docs: docs/http.md#adapters
import { reader } from './identity.ts';

/** What the HTTP layer reads of a request. */
export interface ShownRequest {
  readonly method: string;
  /** By lower-case name. */
  readonly header: (name: string) => string | null;
}

/** A request as API Gateway and function URLs hand it to AWS Lambda, in payload format 1.0 and 2.0. */
interface LambdaEvent {
  readonly httpMethod?: string;
  readonly requestContext?: { readonly http?: { readonly method?: string } };
  readonly headers?: unknown;
  /** Format 1.0: every line of a header; `headers` has the last one alone. */
  readonly multiValueHeaders?: unknown;
  /** Format 2.0: in place of the header `cookie`. */
  readonly cookies?: readonly string[];
}

/** The request as an adapter shows it to `createContext`; `undefined` where there is none. */
export function requestOf(given: unknown): ShownRequest | undefined {
  const { req, event } = (given ?? {}) as { req?: { method?: string; headers?: unknown }; event?: LambdaEvent };
  const header = reader(req?.headers);
  if (header !== undefined) return { method: req?.method ?? '', header };
  return typeof event === 'object' && event !== null ? inEvent(event) : undefined;
}

function inEvent({ httpMethod, requestContext, headers, multiValueHeaders, cookies }: LambdaEvent) {
  const method = httpMethod ?? requestContext?.http?.method;
  if (method === undefined) return undefined;
  const [lines, single] = [reader(multiValueHeaders), reader(headers)];
  return {
    method,
    header: (name: string) =>
      name === 'cookie' && cookies !== undefined ? cookies.join('; ') : (lines?.(name) ?? single?.(name) ?? null),
  };
}
