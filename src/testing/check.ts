// Docs: docs/testing.md#the-contract
/** Throws unless something holds; the message says what was promised. */
export function check(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Error(promise);
}

/** Throws unless two pieces of plain data are equal; a member that is `undefined` is as good as none. */
export function same(received: unknown, expected: unknown, promise: string): void {
  if (isEqual(received, expected)) return;
  throw new Error(`${promise}\n  expected: ${text(expected)}\n  received: ${text(received)}`);
}

/** Whether two pieces of plain data are equal. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  if (Array.isArray(one) && one.length !== (other as unknown[]).length) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const at = (value: object, name: string) => (value as Record<string, unknown>)[name];
  return [...names].every((name) => isEqual(at(one, name), at(other, name)));
}

/** Plain data as a message shows it: `undefined` is seen, and it is never longer than a screen. */
export function text(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const shown = JSON.stringify(value, (_, inner) => (inner === undefined ? '(undefined)' : inner)) ?? String(value);
  return shown.length > 600 ? `${shown.slice(0, 600)}…` : shown;
}
