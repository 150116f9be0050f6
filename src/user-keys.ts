// Docs: docs/safety-nets.md#guard
import type { Scope } from './policy.ts';

// What contexts mostly call their user. An app whose scope is a tenant has users, too.
const usual: readonly string[] = ['user', 'session', 'userId', 'auth'];

// A scope that walks through what it reads would never come to an end.
const mostSteps = 1_000;

/** What a scope callback says of a caller whom nobody knows, and what it reads of the context. */
export function askScope(
  scope: Scope<any, any>,
  path: string,
): { readonly reads: readonly string[]; readonly answer?: unknown } {
  if (scope === 'public') return { reads: [] };
  const reads = new Set<string>();
  const answer = ask(scope, path, (name) => {
    reads.add(name);
    return undefined;
  });
  return { reads: [...reads], answer };
}

/**
 * The members of a context that say who calls: those that the scope of the cache makes its answer of. What it only decides by
 * (`ctx.config`) is none, nor is a container (`ctx.get('user')`). Those by the usual names always are.
 */
export function userKeysOf(scope: Scope<any, any>, path: string): readonly string[] {
  if (scope === 'public') return usual;
  const known = askAs(scope, path, true);
  const lacking = askAs(scope, path, false); // what is asked for where something is not set
  const { reads } = askScope(scope, path);
  const keys = [...(known.made.size > 0 ? known.made : reads)];
  const found = keys.filter((name) => !known.called.has(name) && !lacking.called.has(name));
  return [...new Set([...found, ...usual])];
}

/** Asks about a caller of whom everything is known, or whose members are there and hold nothing. */
function askAs(scope: Exclude<Scope<any, any>, 'public'>, path: string, isKnown: boolean) {
  const [reads, called, made] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const roots = new WeakMap<object, string>();
  let steps = 0;
  const member = (root: string, isTop: boolean): object => {
    const value: object = new Proxy(() => {}, {
      get(_, name) {
        if (++steps > mostSteps) throw new RangeError('a scope without end');
        if (name === Symbol.toPrimitive) {
          return () => {
            made.add(root);
            return root;
          };
        }
        return isTop && !isKnown ? undefined : member(root, false);
      },
      apply(_, __, given) {
        if (isTop && given.length > 0) called.add(root);
        return member(root, false);
      },
    });
    roots.set(value, root);
    return value;
  };
  const answer = ask(scope, path, (name) => {
    reads.add(name);
    return member(name, true);
  });
  const root = typeof answer === 'function' ? roots.get(answer) : undefined;
  if (root !== undefined) made.add(root);
  return { reads, called, made };
}

/** What a scope callback answers, or throws: it counts on a caller who is known. */
function ask(
  scope: Exclude<Scope<any, any>, 'public'>,
  path: string,
  read: (name: string) => object | undefined,
): unknown {
  const of = (name: string | symbol) => (typeof name === 'string' ? read(name) : undefined);
  const ctx = new Proxy({}, { get: (_, name) => of(name), has: (_, name) => of(name) !== undefined });
  try {
    const answer: unknown = scope({ ctx, input: undefined, path });
    if (answer instanceof Promise) answer.catch(() => {}); // it must not be async, and its failure is nobody's
    return answer;
  } catch (error) {
    return error;
  }
}
