// Docs: docs/errors.md#audit
import type { SourceText } from './scan.ts';
import { closing, partsOf, sourceOf } from './source-text.ts';

/** The paths that a callback of `invalidates` surely gives, written as texts, unless those are of another deployment. */
export function pathsIn(given: unknown): string[] {
  const source = sourceOf(given);
  if (source === undefined || /\bexternal\s*:/.test(source.code)) return [];
  return textsGiven(source, true);
}

/** The texts that a function surely gives: alone, in a list, or, as targets have them, as the `path` of an object. */
export function textsGiven({ code, strings }: SourceText, isTarget = false): string[] {
  const { body } = partsOf(code);
  return Array.from(body.matchAll(/"#(\d+)"/g)).flatMap(({ 0: whole, 1: number, index }) => {
    const after = body.slice(index + whole.length);
    if (isPartOf.test(after)) return [];
    const path = isTarget ? /\{(?:[^{}()[\]]*,)?\s*path\s*:\s*$/.exec(body.slice(0, index)) : null;
    return isGiven(body, path?.index ?? index, isTarget) ? [strings[Number(number)] ?? ''] : [];
  });
}

// What follows a value that is but a part of something, or a condition.
const isPartOf = /^[\s)]*(?:[-+*/%.<>=!&([]|\?\.|\|\||\?(?!\?)|in\b|instanceof\b)/;

/** Whether what begins at a place is given back: in a list or by a choice, and if it may be, for each of something. */
function isGiven(body: string, at: number, isList: boolean): boolean {
  let before = body.slice(0, at);
  for (;;) {
    before = before.trimEnd();
    if (before === '' || /\breturn$/.test(before)) return isOwn(before);
    if (/\.\s*(?:map|flatMap)\s*\(\s*(?:[\w$]+|\([^()]*\))\s*=>$/.test(before) && isList) {
      before = before.replace(/[\w$.?\s]+\(\s*(?:[\w$]+|\([^()]*\))\s*=>$/, '');
    } else if (/(?:^|[^\w$)\]])\($|\breturn\s*\($|^\($/.test(before)) before = before.slice(0, -1);
    else if (before.endsWith('[') && isList) {
      const from = before.length - 1;
      if (isPartOf.test(body.slice(from + closing(body.slice(from))))) return false; // one that is only looked at
      before = before.slice(0, from);
    } else if (before.endsWith(',') && isList) before = before.slice(0, openedAt(before));
    else if (/(?:\?\?|\|\||&&|\?)$/.test(before) || before.endsWith(':')) {
      const start = before.slice(0, openedAt(before));
      if (before.endsWith(':') && !/\?(?![.?])/.test(before.slice(start.length))) return false; // a member
      before = start;
    } else return false;
  }
}

/** Whether a `return` is the function's own, not one of a function inside of it. */
function isOwn(before: string): boolean {
  let depth = 0;
  for (let index = before.length - 1; index >= 0; index--) {
    if (before[index] === '}') depth++;
    else if (before[index] === '{' && depth-- === 0) {
      depth = 0;
      const head = before.slice(0, index).trimEnd();
      if (/=>$/.test(head) || /\bfunction\b[^{}]*$/.test(head)) return false;
    }
  }
  return true;
}

/** Where the expression begins that a text ends in: behind the bracket that is still open, a `return`, or an arrow. */
function openedAt(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index--) {
    const sign = text[index] as string;
    if (')]}'.includes(sign)) depth++;
    else if ('([{'.includes(sign)) {
      if (depth-- === 0) return index + 1;
    } else if (depth === 0 && (sign === ';' || (sign === '>' && text[index - 1] === '='))) return index + 1;
    else if (depth === 0 && /\breturn$/.test(text.slice(Math.max(0, index - 6), index + 1))) return index + 1;
  }
  return 0;
}
