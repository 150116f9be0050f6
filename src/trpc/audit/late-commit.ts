// Docs: docs/errors.md#audit
import { closing, partsOf, sourceOf } from './source-text.ts';

// What may follow a finished call and commits nothing: clocks, logs, metrics, and words that only look like calls.
const quietRoots = /^(?:console|performance|Date|Math|JSON|Number|String|Object|log|logger|metrics|span|tracer)$/;
const quietEnds =
  /^(?:log|debug|info|warn|error|trace|now|toFixed|round|timing|increment|observe|record|setHeader|captureException|captureMessage|end|set|setAttributes?|setStatus|recordException)$/;
// Whatever is done to these may be a commit.
const loud = /^(?:tx|trx|db|conn|connection|client|pool|uow|transaction)$/;
// What calls a function at once and does nothing after it but count.
const spans = /(?:^|[^\w$])(?:startSpan|startActiveSpan)\s*$/;
const keywords = /^(?:if|for|while|switch|catch|return|typeof|await)$/;

/**
 * Whether a middleware may do something lasting after what it calls has finished, such as the commit of a transaction. One that
 * only hands on what `next` gives cannot; nor can one that afterwards reads a clock and logs. Read from its text: what cannot
 * be read may.
 */
export function mayCommitLate(middleware: unknown): boolean {
  const code = sourceOf(middleware)?.code;
  if (code === undefined || /\busing\s+[\w$]+\s*=/.test(code)) return true;
  const { params, body } = partsOf(code);
  if (/\bnext\s*:/.test(params) || /\bfunction\b/.test(body)) return true;
  const uses = Array.from(body.matchAll(/\bnext\b/g), ({ index }) => index);
  return uses.length === 0 || uses.some((at) => isLate(body, at));
}

function isLate(body: string, at: number): boolean {
  const before = body.slice(0, at).replace(/[\w$]+\s*\.\s*$/, '');
  const after = body.slice(at + 'next'.length);
  if (!/^\s*\(/.test(after) || isNested(before)) return true;
  const end = closing(after);
  const rest = after.slice(end);
  const isHandedOn = !body.startsWith('{') || /\breturn\b[^;{}\n]*$/.test(before);
  if (isHandedOn && !/\bawait\s*$/.test(before)) return /^\s*\??\./.test(rest);
  return !isQuiet(rest);
}

/** Whether a place is inside of something that is called or kept: then `next` runs whenever that says. */
function isNested(before: string): boolean {
  const open: string[] = [];
  for (let index = 0; index < before.length; index++) {
    const sign = before[index] as string;
    const head = before.slice(0, index);
    if (sign === '{') open.push(/=>\s*$/.test(head) && open.at(-1) !== 'span' ? '=>' : sign);
    else if (sign === '(') open.push(spans.test(head) ? 'span' : sign);
    else if (sign === '[') open.push(sign);
    else if (')]}'.includes(sign)) open.pop();
  }
  const isInArrow = /=>\s*(?:await\s*)?$/.test(before) && open.at(-1) !== 'span';
  return open.some((sign) => sign !== '{' && sign !== 'span') || isInArrow;
}

function isQuiet(rest: string): boolean {
  const code = withoutFailures(rest);
  if (/\bawait\b/.test(code)) return false;
  for (const [, name = ''] of code.matchAll(/([\w$]+(?:\s*\??\.\s*[\w$]+)*)\s*(?:\(|"#)/g)) {
    const parts = name.split(/\s*\??\.\s*/);
    if (keywords.test(name) || quietRoots.test(parts[0] ?? '')) continue;
    if (!quietEnds.test(parts.at(-1) ?? '') || parts.some((part) => loud.test(part))) return false;
  }
  return true;
}

/** Without what runs only when the result is a failure: then nothing is invalidated that a commit could come after. */
function withoutFailures(code: string): string {
  const found = /\bif\s*(?=\(\s*!\s*[\w$]+\s*\.\s*ok\b)/.exec(code);
  if (found === null) return code;
  const condition = code.slice(found.index + found[0].length);
  const end = closing(condition);
  const then = condition.slice(end);
  if (/\|\||\bawait\b/.test(condition.slice(0, end))) return code;
  const block = /^\s*\{/.test(then) ? closing(then) : (/[;\n]/.exec(then.trimStart())?.index ?? then.length) + 1;
  return code.slice(0, found.index) + withoutFailures(then.slice(block));
}
