// Docs: docs/observability.md#spans

// What Redis puts in front of its errors: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
const prefixes = new Set(
  'ASK BUSY CLUSTERDOWN CROSSSLOT ERR EXECABORT LOADING MASTERDOWN MISCONF MOVED NOAUTH NOPERM NOREPLICAS NOSCRIPT OOM READONLY TRYAGAIN UNKILLABLE WRONGPASS WRONGTYPE'.split(
    ' ',
  ),
);

/**
 * The class of an error for `error.type`: the prefix of a Redis error, else its `code`, else its name. Never the message, in which
 * clients quote commands.
 */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return other;
  const { message, code, name } = error as { message?: unknown; code?: unknown; name?: unknown };
  const words = typeof message === 'string' ? message.slice(0, 80).split(/[\s:]+/, 4) : [];
  const prefix = words.find((word) => prefixes.has(word));
  if (prefix !== undefined) return prefix;
  // Of numbers and texts in a code nobody knows how many there are.
  if (typeof code === 'string' && /^[A-Z][A-Z_]{1,39}$/.test(code)) return code;
  return typeof name === 'string' && /^[A-Za-z]{1,40}$/.test(name) ? name : other;
}

const other = '_OTHER';
