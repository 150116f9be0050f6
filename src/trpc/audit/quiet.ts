// Docs: docs/errors.md#audit
import { closing } from './source-text.ts';

// What may follow a finished call and commits nothing: clocks, logs, metrics, texts, telling others, and words that only look like calls.
const roots =
  /^(?:console|performance|process|Date|Math|JSON|Number|String|Object|Array|Boolean|BigInt|log|logger|metrics|span|tracer)$/;
const ends = new RegExp(
  `^(?:${[
    'log|debug|info|warn|error|trace|child|time|timeEnd',
    'now|hrtime|bigint|getTime|toISOString|toJSON|valueOf',
    'toFixed|round|toString|toLocaleString|padStart|padEnd|toUpperCase|toLowerCase|slice|trim|split|join|includes|startsWith|endsWith',
    'timing|increment|inc|dec|observe|record|histogram|gauge|distribution|labels|startTimer',
    'setHeader|set|setAttributes?|addAttributes|addEvent|updateName|setStatus|recordException|end',
    'captureException|captureMessage|captureEvent|captureIfError|addBreadcrumb|setTags?|setContext|setExtra',
    'announce|notify|broadcast|emit',
  ].join('|')})$`,
);
// Whatever is added to these is a figure or a header.
const harmless =
  /^(?:counter|histogram|gauge|meter|metric|header)s?$|(?:Counter|Histogram|Gauge|Meter|Metric|Latency|Header)s?$/;
// Whatever is done to these may be a commit.
const loud = /^(?:tx|trx|db|conn|connection|client|pool|uow|transaction)$/;
const keywords =
  /^(?:if|for|while|switch|case|catch|return|typeof|await|next|else|in|of|instanceof|void|delete|throw|new|yield)$/;

/** Whether what follows a finished call commits nothing, as far as its names tell. */
export function isQuiet(rest: string): boolean {
  const code = withoutFailures(rest)
    // Another branch: nobody calls it twice.
    .replaceAll(/\bawait\s+(?:[\w$]+\s*\.\s*)?next\s*(?=\()/g, '')
    // What is made, or thrown, is not done.
    .replaceAll(/\b(?:throw\s+(?:new\s+)?|new\s+)[\w$.]+\s*(?=\()/g, '');
  if (/\bawait\b/.test(code)) return false;
  for (const [, name = ''] of code.matchAll(/([\w$]+(?:\s*\??\.\s*[\w$]+)*)\s*(?:\(|"#)/g)) {
    const parts = name.split(/\s*\??\.\s*/);
    if (keywords.test(name) || roots.test(parts[0] ?? '')) continue;
    if (parts.some((part) => loud.test(part))) return false;
    if (!ends.test(parts.at(-1) ?? '') && !parts.some((part) => harmless.test(part))) return false;
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
