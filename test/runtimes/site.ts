import superjson from 'superjson';
import type { Variant } from './settings.ts';

/** An answer to one call, or to a batch of them. */
export interface Reply {
  readonly status: number;
  /** What `x-cache` says. */
  readonly cache: string | null;
  readonly etag: string;
  readonly body: string;
  /** The output; of a batch, those of its calls. */
  readonly output: any;
}

/** How a call is made. */
export interface Asking {
  readonly user?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** One variant of the app, on one instance of a runtime, as clients reach it. */
export interface Site {
  readonly variant: Variant;
  /** How a failure names it. */
  readonly label: string;
  readonly query: (path: string, input?: unknown, asking?: Asking) => Promise<Reply>;
  readonly batch: (calls: readonly (readonly [path: string, input: unknown])[], asking?: Asking) => Promise<Reply>;
  readonly mutate: (path: string, input?: unknown, asking?: Asking) => Promise<Reply>;
  /** What a webhook asks for. */
  readonly invalidate: (targets: readonly unknown[], mode?: 'expire') => Promise<Reply>;
  /** The wrapped function, and its invalidation. */
  readonly top: (id: number) => Promise<number>;
  readonly invalidateTop: (id: number) => Promise<Reply>;
}

// A request that is never answered is what the checks look for.
const longestMs = 10_000;

/** A client of one variant at an address; what is beside tRPC may be at another one. */
export function siteAt(origin: string, variant: Variant, label: string, hooksAt = origin): Site {
  const send = async (path: string, init: RequestInit, { user, headers, signal }: Asking = {}): Promise<Reply> => {
    const deadline = AbortSignal.timeout(longestMs);
    const at = path.startsWith('trpc/') ? origin : hooksAt;
    const response = await fetch(`${at}/${variant}/${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', ...(user !== undefined && { 'x-user': user }), ...headers },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    }).catch((error: unknown) => {
      if (deadline.aborted) throw new Error(`${label}: no answer to ${path} within ${longestMs} ms`);
      throw error;
    });
    const body = await response.text();
    return {
      status: response.status,
      cache: response.headers.get('x-cache'),
      etag: response.headers.get('etag') ?? '',
      body,
      get output() {
        const parsed = JSON.parse(body);
        const outputOf = (one: any) => {
          if (one.result === undefined) throw new Error(`${label}: ${path}: ${body.slice(0, 500)}`);
          return superjson.deserialize(one.result.data);
        };
        return Array.isArray(parsed) ? parsed.map(outputOf) : outputOf(parsed);
      },
    };
  };
  const serialized = (input: unknown) => JSON.stringify(superjson.serialize(input));
  const encoded = (text: string) => encodeURIComponent(text);
  return {
    variant,
    label,
    query: (path, input, asking) => send(`trpc/${path}?input=${encoded(serialized(input))}`, {}, asking),
    batch(calls, asking) {
      const inputs = Object.fromEntries(calls.map(([, input], at) => [at, superjson.serialize(input)]));
      const paths = calls.map(([path]) => path).join(',');
      return send(`trpc/${paths}?batch=1&input=${encoded(JSON.stringify(inputs))}`, {}, asking);
    },
    mutate: (path, input, asking) => send(`trpc/${path}`, { method: 'POST', body: serialized(input) }, asking),
    invalidate: (targets, mode) => send('invalidate', { method: 'POST', body: JSON.stringify({ targets, mode }) }),
    top: async (id) => Number((await send(`top?id=${id}`, {})).body),
    invalidateTop: (id) => send(`top?id=${id}`, { method: 'DELETE' }),
  };
}
