// Docs: docs/cli.md#doctor
/** What a check of the doctor found. */
export interface Finding {
  /** The name of the check. */
  readonly check: string;
  /** Good, of interest, worth a change, or the cache does not do what it should. */
  readonly level: 'ok' | 'info' | 'warning' | 'error';
  /** What was found. */
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
}

/** A finding of each level. */
export const found =
  (check: string) =>
  (level: Finding['level'], message: string, fix?: string): Finding => ({
    check,
    level,
    message,
    ...(fix !== undefined && { fix }),
  });

/** An answer of `INFO` by its fields. */
export function fieldsOf(info: unknown): ReadonlyMap<string, string> {
  return new Map(
    String(info ?? '')
      .split(/\r?\n/)
      .flatMap((line) => {
        const colon = line.indexOf(':');
        return colon <= 0 || line.startsWith('#') ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
      }),
  );
}
