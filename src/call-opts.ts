// Docs: docs/keys-and-scopes.md
/** What a callback of `cached` is called with. */
export interface CallOpts<C, I> {
  /** The context as the middlewares before this one left it. */
  ctx: C;
  /** The input as parsed by the parsers before this middleware; `undefined` where there is none. */
  input: I;
  /** The path of the procedure, `post.byId`. */
  path: string;
}

/** What a callback is called with that runs after the procedure. */
export interface ResultOpts<C, I> extends CallOpts<C, I> {
  /** The output of the procedure; tRPC gives a middleware no type for it. */
  output: any;
}

/** What a callback answered that must answer at once; a promise is refused, and what it rejects with ends no process. */
export function atOnce<T>(answer: T, option: string): T {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return answer;
  Promise.resolve(answer).catch(() => {});
  throw new TypeError(`${option}: expected an answer at once, received a promise`);
}
