// Docs: docs/errors.md#audit
import { isQuiet } from './quiet.ts';
import { closing, partsOf, sourceOf } from './source-text.ts';

// What calls a function at once and does nothing after it but count, or lets it find what is kept beside the call.
const spans =
  /(?:^|[^\w$])(?:startSpan|startSpanManual|startActiveSpan|withActiveSpan|withIsolationScope|withScope|startNewTrace|continueTrace|tracer\s*\.\s*trace|als\s*\.\s*run|(?![\w$]*(?:[tT]rans|[tT]x|[wW]ork))[\w$]*(?:[sS]torage|[cC]ontext)\s*\.\s*(?:run|with))\s*$/;
// What stands before a bracket that calls nothing.
const calledBefore = /[\w$)\]]\s*$/;
const wordBefore = /\b(?:return|await|if|while|for|switch|case|typeof|in|of|throw|else|do|void)\s*$/;

/**
 * Whether a middleware may do something lasting after what it calls has finished, such as the commit of a transaction. One that
 * only hands on what `next` gives cannot; nor can one that afterwards reads a clock and logs. Read from its text: what cannot
 * be read may.
 */
export function mayCommitLate(middleware: unknown): boolean {
  const code = sourceOf(middleware)?.code;
  if (code === undefined || /\busing\s+[\w$]+\s*=/.test(code)) return true;
  const { params, body: whole } = partsOf(code);
  if (/\bnext\s*:/.test(params) || /\bfunction\b/.test(whole)) return true;
  const body = withoutUnpacking(whole);
  const uses = Array.from(body.matchAll(/\bnext\b/g), ({ index }) => index);
  return uses.length === 0 || uses.some((at) => isLate(body, at));
}

/** Without what only takes `next` out of the argument under its own name. */
function withoutUnpacking(body: string): string {
  const found = /\b(?:const|let|var)\s*(?=\{)|\b(?:const|let|var)\s+next\s*=\s*[\w$]+\s*\.\s*next\s*(?:[;\n]|$)/g;
  let [read, from] = ['', 0];
  for (const { 0: word, index } of body.matchAll(found)) {
    const start = index + word.length;
    const pattern = word.includes('=') ? '' : body.slice(start, start + closing(body.slice(start)));
    const taken = /^\s*=\s*[\w$]+\s*(?:[;\n]|$)/.exec(body.slice(start + pattern.length));
    if ((pattern !== '' && taken === null) || /\bnext\s*:/.test(pattern)) continue;
    read += `${body.slice(from, index)};`;
    from = start + pattern.length + (pattern === '' ? 0 : (taken?.[0].length ?? 0));
  }
  return read + body.slice(from);
}

function isLate(body: string, at: number): boolean {
  const before = body.slice(0, at).replace(/[\w$]+\s*\.\s*$/, '');
  const after = body.slice(at + 'next'.length);
  const open = openedIn(before);
  const inSpan = open.at(-1)?.kind === 'span';
  const isInArrow = /=>\s*(?:await\s*)?$/.test(before) && !inSpan;
  if (isInArrow || open.some(({ kind }) => kind === 'called')) return true;
  const isHandedToSpan = inSpan && /^\s*[,)]/.test(after);
  if (!/^\s*\(/.test(after) && !isHandedToSpan) return true;
  const end = at + 'next'.length + (isHandedToSpan ? 0 : closing(after));
  const group = open.find(({ kind, at: place }) => kind === 'span' || body[place] === '(');
  if (group === undefined) return isHandedOn(body, before) ? isChained(body.slice(end)) : !isQuiet(body.slice(end));
  const head = body.slice(0, group.at);
  const called = group.kind === 'span' ? head.replace(/[\w$]+(?:\s*\??\.\s*[\w$]+)*\s*$/, '') : head;
  if (!isHandedOn(body, called)) return !isQuiet(body.slice(end));
  const closed = group.at + closing(body.slice(group.at));
  return !isQuiet(body.slice(end, closed)) || isChained(body.slice(closed));
}

const isChained = (rest: string): boolean => /^[\s)]*\??\./.test(rest);

/** Whether what follows is what the middleware itself gives back, without waiting for it. */
const isHandedOn = (body: string, before: string): boolean =>
  (!body.startsWith('{') || /\breturn\b[^;{}\n]*$/.test(before)) && !/\bawait\s*$/.test(before);

/** A bracket that is open at the end of a text. What is `called` runs what is inside whenever it says. */
interface Opened {
  readonly kind: 'called' | 'span' | 'plain';
  readonly at: number;
}

function openedIn(before: string): Opened[] {
  const open: Opened[] = [];
  for (let at = 0; at < before.length; at++) {
    const sign = before[at] as string;
    if (')]}'.includes(sign)) open.pop();
    if (!'([{'.includes(sign)) continue;
    const head = before.slice(0, at);
    open.push({ kind: kindOf(sign, head, open.at(-1)), at });
  }
  return open;
}

function kindOf(sign: string, head: string, around: Opened | undefined): Opened['kind'] {
  if (sign === '{') return /=>\s*$/.test(head) && around?.kind !== 'span' ? 'called' : 'plain';
  if (sign === '[') return 'called';
  if (spans.test(head)) return 'span';
  return calledBefore.test(head) && !wordBefore.test(head) ? 'called' : 'plain';
}
