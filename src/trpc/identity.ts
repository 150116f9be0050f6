// Docs: docs/keys-and-scopes.md
import { type EpochNames, type EpochOwner, epochsOf } from '../epochs.ts';
import type { BypassReason } from '../events.ts';
import { canonical, entryKey, everyone, isScope, type ScopeValue, scopeText } from '../key.ts';
import type { Wanted } from '../lookup.ts';
import { atOnce, type CallOpts, type Policy, plantMs, tagsOf } from '../policy.ts';
import type { RequestFacts } from './calls.ts';

/** A reason to run without the cache. */
export interface Bypass {
  readonly bypass: BypassReason;
  readonly error?: unknown;
}

/** The input of a call as it reaches `cached`, and how far it tells calls apart. */
export interface InputFacts {
  readonly raw: unknown;
  readonly seen: unknown;
  /** The raw input as the procedure's own parsers give it, where that may differ from what `cached` sees. */
  readonly own: (() => Promise<unknown>) | undefined;
  /** `raw` where a parser stands behind `cached`, or where that is not known. */
  readonly by: 'parsed' | 'raw';
}

/** What {@link identify} needs of the cache. */
export interface IdentityParts {
  readonly names: EpochNames;
  readonly namespace: string;
  readonly version: string;
  readonly hashKeys: boolean;
  readonly codecId: string;
  /** The key space of the entry. */
  readonly space: string;
  readonly headersOf: ((opts: { ctx: unknown }) => unknown) | undefined;
}

/** Key and epochs of a call. A callback that throws, or an input without canonical text, is a bypass, never a guess. */
export async function identify(
  policy: Policy,
  opts: CallOpts<unknown, unknown>,
  input: InputFacts,
  request: RequestFacts | undefined,
  parts: IdentityParts,
): Promise<{ readonly wanted: Wanted } | Bypass> {
  let scope: ScopeValue;
  let tags: readonly string[];
  let key: string | undefined;
  let vary: [string, string | null][] | undefined;
  try {
    if (policy.when !== undefined && atOnce(policy.when(opts), 'when') === false) return { bypass: 'when' };
    const given: unknown = policy.scope === 'public' ? everyone : atOnce(policy.scope(opts), 'scope');
    if (!isScope(given))
      return {
        bypass: 'scope',
        error: new Error(`scope: expected a non-empty string, null or everyone, received ${typeof given}`),
      };
    scope = given;
    tags = tagsOf(policy, opts);
    key = await policy.key?.(opts);
    if (policy.key !== undefined && typeof key !== 'string') throw new TypeError('key: expected a string');
    vary = varyOf(policy, opts, request, parts.headersOf);
  } catch (error) {
    return { bypass: 'callback', error };
  }
  if (vary === undefined) return { bypass: 'vary' };

  let texts: { raw: string; seen: string; own: string | undefined };
  try {
    const raw = canonical(input.raw);
    const seen = canonical(input.seen);
    // Nobody changed what was sent: then the parsers had nothing to change either.
    const isUntouched = input.by === 'parsed' && raw === seen;
    texts = { raw, seen, own: input.own === undefined || isUntouched ? undefined : canonical(await input.own()) };
  } catch (error) {
    return { bypass: 'input', error };
  }
  const { names } = parts;
  // Before any parser `cached` sees no input at all: that is no input of its own.
  const seen = input.by === 'raw' && input.seen === undefined ? [] : [texts.seen];
  const others = [...seen, ...(texts.own === undefined ? [] : [texts.own])];
  const owner: EpochOwner = { kind: 'q', path: opts.path, scope, inputs: [texts.raw, ...others], tags };
  const inputEpochs = (inputs: readonly string[]) =>
    inputs.flatMap((text) => [names.input('q', opts.path, text), names.scopedInput('q', opts.path, scope, text)]);
  const part =
    key !== undefined
      ? `"k",${JSON.stringify(key)}`
      : input.by === 'parsed'
        ? `"p",${texts.seen}`
        : `"r",${[texts.raw, ...seen].join(',')}`;
  return {
    wanted: {
      key: entryKey(
        {
          namespace: parts.namespace,
          kind: parts.space,
          versions: [parts.version, policy.version],
          codec: parts.codecId,
          path: opts.path,
          scope: scopeText(scope),
          input: part,
          vary,
        },
        parts.hashKeys,
      ),
      epochs: epochsOf(names, owner),
      // Who sent another text for the same input did not fill this entry; a key of its own spans inputs, whose
      // targets are widened to the path.
      optional:
        key !== undefined
          ? inputEpochs(owner.inputs)
          : others.length > 0 && !others.includes(texts.raw)
            ? inputEpochs([texts.raw])
            : [],
      guard: names.guard,
      keepMs: plantMs(policy),
    },
  };
}

/** The request headers an answer depends on; `undefined` when there are no headers to read. */
function varyOf(
  policy: Policy,
  opts: CallOpts<unknown, unknown>,
  request: RequestFacts | undefined,
  headersOf: IdentityParts['headersOf'],
): [string, string | null][] | undefined {
  if (policy.vary.length === 0) return [];
  const read = request?.header ?? reader(atOnce(headersOf?.({ ctx: opts.ctx }), 'headers'));
  if (read === undefined) return undefined;
  return policy.vary.map((name) => [name, read(name)]);
}

/** Reads one header of a `Headers`, of a plain object as Node has it, or of nothing. */
export function reader(headers: unknown): ((name: string) => string | null) | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (typeof (headers as Headers).get === 'function') return (name) => (headers as Headers).get(name);
  const plain = headers as Record<string, unknown>;
  return (name) => {
    const value = plain[name] ?? Object.entries(plain).find(([other]) => other.toLowerCase() === name)?.[1];
    if (value === undefined || value === null) return null;
    // Lines of a header are one list; of a cookie, one string (RFC 9113 section 8.2.3).
    return Array.isArray(value) ? value.join(name === 'cookie' ? '; ' : ', ') : String(value);
  };
}
