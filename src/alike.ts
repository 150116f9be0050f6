/**
 * Whether an input may mean what another one means, to a parser that fills in defaults, strips members and coerces or cleans
 * values: wrong about those that differ only so, right about ids. Only members that both have can tell them apart.
 */
export function alike(one: unknown, other: unknown): boolean {
  if (isScalar(one) && isScalar(other)) return scalarsAlike(one, other);
  if (Array.isArray(one) && Array.isArray(other)) return listsAlike(one, other);
  if (!isMembers(one) || !isMembers(other)) return true; // absent, or of different kinds: a parser may make one the other
  return Object.keys(one).every((name) => alike(one[name], other[name]));
}

type Scalar = string | number | boolean | bigint;

function scalarsAlike(one: Scalar, other: Scalar): boolean {
  if (typeof one === 'number' && typeof other === 'number') return !(Math.abs(one - other) >= 1);
  if (typeof one === 'boolean' || typeof other === 'boolean') return typeof one !== typeof other || one === other;
  return cleaned(one) === cleaned(other) || Number(one) === Number(other);
}

/** A parser may sort lists and drop what is there twice. */
function listsAlike(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (![...one, ...other].every(isScalar)) return true;
  const among = (list: readonly unknown[]) => (item: unknown) => list.some((member) => alike(item, member));
  return one.every(among(other)) && other.every(among(one));
}

// Both ways: of ß and SS, of ς and σ, only the capitals are the same; of ẞ and ß only the small ones.
const cleaned = (value: Scalar): string =>
  String(value)
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]/gu, '');

const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean', 'bigint'].includes(typeof value);

function isMembers(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
