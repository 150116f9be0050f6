// Docs: docs/safety-nets.md#verify
import { checksum } from './digest.ts';
import { canonical } from './key.ts';
import { isPlain } from './value.ts';

/** Sums of the members of a context: values are not kept. */
export type CtxSums = ReadonlyMap<string, unknown>;

// Sums are made on each fill: what is bigger is known by its identity.
const mostMembers = 100;
const mostNodes = 1_000;
const mostLetters = 10_000;

const unknown = Symbol('unknown');

// Only to list the names of something big takes long: what was found to be so is not asked again.
const big = new WeakSet<object>();

/**
 * A sum for each member. What has no text, or a long one, is known by its identity, which holds nothing. No accessor is asked:
 * it may load something, or throw. Nothing of a context that is no plain object: its members may be anywhere.
 */
export function sumsOf(ctx: unknown): CtxSums | undefined {
  try {
    if (typeof ctx !== 'object' || ctx === null || !isPlain(ctx)) return undefined;
    const sums = new Map<string, unknown>();
    const names = Object.keys(ctx);
    if (names.length > mostMembers) return undefined;
    const budget = { nodes: mostNodes, letters: mostLetters };
    for (const name of names) {
      const member = Object.getOwnPropertyDescriptor(ctx, name);
      sums.set(name, member !== undefined && 'value' in member ? sumOf(member.value, budget) : unknown);
    }
    return sums;
  } catch {
    return undefined; // a proxy of the app's own
  }
}

/** Which of the members that were read differ; nothing where that is not known. */
export function differingKeys(
  reads: ReadonlySet<string>,
  before: CtxSums | undefined,
  now: CtxSums | undefined,
): readonly string[] | undefined {
  if (before === undefined || now === undefined) return undefined;
  const isKnown = (name: string) => before.get(name) !== unknown && now.get(name) !== unknown;
  const known = [...reads].filter(isKnown);
  const differing = known.filter((name) => !isEqual(before.get(name), now.get(name))).sort();
  return differing.length === 0 && known.length < reads.size ? undefined : differing;
}

function sumOf(value: unknown, budget: { nodes: number; letters: number }): unknown {
  if (typeof value === 'symbol') return value;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  try {
    if (isSmall(value, budget)) return checksum([canonical(value)]);
  } catch {
    // No text: then what it is.
  }
  return isObject ? new WeakRef(value as object) : unknown;
}

/** Whether something is data, and little of it; looks without asking any accessor. */
function isSmall(value: unknown, budget: { nodes: number; letters: number }): boolean {
  if (--budget.nodes < 0) return false;
  if (typeof value === 'string') return (budget.letters -= value.length) >= 0;
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (value instanceof Date) return true;
  if (!Array.isArray(value) && !isPlain(value)) return false;
  if (big.has(value)) return false;
  if (Array.isArray(value) && value.length > mostNodes) return false;
  const names = Object.keys(value);
  if (names.length > mostNodes) big.add(value);
  if (names.length > budget.nodes) return false;
  return names.every((name) => {
    const member = Object.getOwnPropertyDescriptor(value, name);
    return member !== undefined && 'value' in member && isSmall(name, budget) && isSmall(member.value, budget);
  });
}

const isEqual = (one: unknown, other: unknown): boolean =>
  one instanceof WeakRef && other instanceof WeakRef ? one.deref() === other.deref() : one === other;
