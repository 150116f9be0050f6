// Docs: docs/keys-and-scopes.md

import { atOnce, type CallOpts } from '../call-opts.ts';
import { type EpochNames, type EpochOwner, epochsOf } from '../epochs.ts';
import type { BypassReason } from '../events.ts';
import { canonical, entryKey, everyone, isScope, type ScopeValue, scopeText } from '../key.ts';
import { type Wanted, wantedOf } from '../lookup.ts';
import { type Policy, plantMs, tagsOf } from '../policy.ts';
import type { Awaitable } from '../store.ts';
import type { RequestFacts } from './calls.ts';
import type { Identities } from './identities.ts';

/** A reason to run without the cache. */
export interface Bypass {
  readonly bypass: BypassReason;
  readonly error?: unknown;
}

/** A call as it reaches `cached`. */
export interface CallFacts {
  readonly raw: unknown;
  readonly seen: unknown;
  /** The raw input as the procedure's own parsers give it, where that may differ from what `cached` sees. */
  readonly own: (() => Promise<unknown>) | undefined;
  /** How far the input that `cached` sees tells calls apart: `raw` where a parser stands behind it, or where that is not known. */
  readonly by: 'parsed' | 'raw';
  readonly codecId: string;
  /** The key space of the entry. */
  readonly space: string;
  readonly request: RequestFacts | undefined;
}

/** What {@link identify} needs of the cache. */
export interface IdentityParts {
  readonly names: EpochNames;
  readonly namespace: string;
  readonly version: string;
  readonly hashKeys: boolean;
  readonly headersOf: ((opts: { ctx: unknown }) => unknown) | undefined;
  /** What was made for equal calls; nothing where calls are rare. */
  readonly known: Identities | undefined;
}

/** What a call asks for, and whose answer it is. */
export interface Identity {
  readonly wanted: Wanted;
  readonly scope: ScopeValue;
}

/** What a policy's callbacks say of a call. */
interface Asked {
  readonly scope: ScopeValue;
  readonly tags: readonly string[];
  readonly key: string | undefined;
  readonly vary: readonly (readonly [string, string | null])[];
}

/** The canonical texts of an input. */
interface Texts {
  readonly raw: string;
  readonly seen: string;
  readonly own: string | undefined;
}

/**
 * Key and epochs of a call; at once, unless a `key` is async or the procedure's own parsers have to be asked. A callback that
 * throws, or an input without canonical text, is a bypass, never a guess.
 */
export function identify(
  policy: Policy,
  opts: CallOpts<unknown, unknown>,
  facts: CallFacts,
  parts: IdentityParts,
): Awaitable<Identity | Bypass> {
  let asked: Asked;
  try {
    if (policy.when !== undefined && atOnce(policy.when(opts), 'when') === false) return { bypass: 'when' };
    const scope: unknown = policy.scope === 'public' ? everyone : atOnce(policy.scope(opts), 'scope');
    if (!isScope(scope))
      return {
        bypass: 'scope',
        error: new Error(`scope: expected a non-empty string, null or everyone, received ${typeof scope}`),
      };
    const tags = tagsOf(policy, opts);
    const vary = varyOf(policy, opts, facts.request, parts.headersOf);
    if (vary === undefined) return { bypass: 'vary' };
    asked = { scope, tags, key: undefined, vary };
  } catch (error) {
    return { bypass: 'callback', error };
  }
  let texts: Texts;
  try {
    const raw = canonical(facts.raw);
    texts = { raw, seen: facts.seen === facts.raw ? raw : canonical(facts.seen), own: undefined };
  } catch (error) {
    return { bypass: 'input', error };
  }
  // Nobody changed what was sent: then the parsers had nothing to change either.
  const own = facts.by === 'parsed' && texts.raw === texts.seen ? undefined : facts.own;
  if (policy.key === undefined && own === undefined)
    return { wanted: recall(policy, opts.path, asked, texts, facts, parts), scope: asked.scope };
  return identifyLater(policy, opts, { ...facts, own }, asked, texts, parts);
}

async function identifyLater(
  policy: Policy,
  opts: CallOpts<unknown, unknown>,
  facts: CallFacts,
  asked: Asked,
  texts: Texts,
  parts: IdentityParts,
): Promise<Identity | Bypass> {
  let key: string | undefined;
  try {
    key = await policy.key?.(opts);
    if (policy.key !== undefined && typeof key !== 'string') throw new TypeError('key: expected a string');
  } catch (error) {
    return { bypass: 'callback', error };
  }
  try {
    const all = facts.own === undefined ? texts : { ...texts, own: canonical(await facts.own()) };
    return { wanted: recall(policy, opts.path, { ...asked, key }, all, facts, parts), scope: asked.scope };
  } catch (error) {
    return { bypass: 'input', error };
  }
}

/** What follows from the parts of a call, made once for many equal calls. */
function recall(
  policy: Policy,
  path: string,
  asked: Asked,
  texts: Texts,
  facts: CallFacts,
  parts: IdentityParts,
): Wanted {
  const { scope, tags, key, vary } = asked;
  const { raw, seen, own } = texts;
  const { by, codecId, space } = facts;
  // Rarer parts; none of these texts holds a line break, but the path may.
  const isPlain = own === undefined && key === undefined && tags.length === 0 && vary.length === 0;
  const more = isPlain ? '' : canonical([own, key, tags, vary]);
  const text = `${scopeText(scope)}\n${raw}\n${more}\n${path}`;
  const found = parts.known?.get(text);
  if (
    found !== undefined &&
    found.policy === policy &&
    found.seen === seen &&
    found.by === by &&
    found.codecId === codecId &&
    found.space === space
  )
    return found.wanted;
  const wanted = compose(policy, path, asked, texts, facts, parts);
  parts.known?.set(text, { policy, seen, by, codecId, space, wanted });
  return wanted;
}

function compose(
  policy: Policy,
  path: string,
  { scope, tags, key, vary }: Asked,
  texts: Texts,
  facts: CallFacts,
  parts: IdentityParts,
): Wanted {
  const { names } = parts;
  const { by } = facts;
  // Before any parser `cached` sees no input at all: that is no input of its own.
  const seen = by === 'raw' && texts.seen === 'undefined' ? [] : [texts.seen];
  const others = [...seen, ...(texts.own === undefined ? [] : [texts.own])];
  const owner: EpochOwner = { kind: 'q', path, scope, inputs: [texts.raw, ...others], tags };
  const inputEpochs = (inputs: readonly string[]) =>
    inputs.flatMap((text) => [names.input('q', path, text), names.scopedInput('q', path, scope, text)]);
  const part =
    key !== undefined
      ? `"k",${JSON.stringify(key)}`
      : by === 'parsed'
        ? `"p",${texts.seen}`
        : `"r",${[texts.raw, ...seen].join(',')}`;
  return wantedOf({
    key: entryKey(
      {
        namespace: parts.namespace,
        kind: facts.space,
        versions: [parts.version, policy.version],
        codec: facts.codecId,
        path,
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
  });
}

const none: [string, string | null][] = [];

/** The request headers an answer depends on; `undefined` when there are no headers to read. */
function varyOf(
  policy: Policy,
  opts: CallOpts<unknown, unknown>,
  request: RequestFacts | undefined,
  headersOf: IdentityParts['headersOf'],
): [string, string | null][] | undefined {
  if (policy.vary.length === 0) return none;
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
