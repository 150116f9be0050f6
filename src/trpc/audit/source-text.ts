// Docs: docs/errors.md#audit
import { type SourceText, scan } from './scan.ts';

// Test runners and bundlers write what is imported as a member of its module, and a call of it as `(0, module.name)(…)`.
const imported = /\b(?:__vi(?:te_ssr)?_import_\d+__|[\w$]*__WEBPACK_IMPORTED_MODULE_\d+__)\s*\.\s*/g;
const calledImport = /\(\s*0\s*,\s*(?:[\w$]+\s*\.\s*)*([\w$]+)\s*\)/g;

/** What a function was written as; nothing for one that does not tell (bound, or native). */
export function sourceOf(given: unknown): SourceText | undefined {
  if (typeof given !== 'function') return undefined;
  const text = Function.prototype.toString.call(given);
  if (text.includes('[native code]')) return undefined;
  const { code, strings } = scan(text);
  return { code: code.replace(imported, '').replace(calledImport, ' $1'), strings };
}

/** The parameters of a function, and what follows: behind the arrow if there is one. */
export function partsOf(code: string): { readonly params: string; readonly body: string } {
  const opened = code.indexOf('(');
  const arrow = code.indexOf('=>');
  const isBare = arrow >= 0 && (opened < 0 || arrow < opened);
  const end = isBare ? arrow : opened + closing(code.slice(Math.max(opened, 0)));
  const start = end + (/^\s*(?:=>)?\s*/.exec(code.slice(end))?.[0].length ?? 0);
  return { params: code.slice(0, start), body: code.slice(start) };
}

/** Where the first bracket of a text is closed. */
export function closing(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if ('([{'.includes(text[index] as string)) depth++;
    else if (')]}'.includes(text[index] as string) && --depth === 0) return index + 1;
  }
  return text.length;
}

/** Where the bracket was opened that a text ends with. */
export function opening(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index--) {
    if (')]}'.includes(text[index] as string)) depth++;
    else if ('([{'.includes(text[index] as string) && --depth === 0) return index;
  }
  return 0;
}

/** The codes that refuse a caller for who that is. */
export const refusals: readonly string[] = ['UNAUTHORIZED', 'FORBIDDEN'];

/** Whether a function refuses callers, as its text says: surely, where it throws that. */
export function refuses(given: unknown, codes: readonly string[] = refusals): 'surely' | 'perhaps' | undefined {
  const source = sourceOf(given);
  if (source === undefined) return undefined;
  const { code, strings } = source;
  const named = (text: string, place: RegExp) =>
    Array.from(text.matchAll(place)).some(([, number]) => codes.includes(strings[Number(number)] ?? ''));
  for (const { 0: word, index } of code.matchAll(/\bthrow\s+(?:new\s+)?[\w$.]+\s*(?=\()/g)) {
    const thrown = code.slice(index + word.length);
    if (named(thrown.slice(0, closing(thrown)), /(?:^\(\s*|\bcode\s*:\s*)"#(\d+)"(?!\s*[=!]==?)/g)) return 'surely';
  }
  if (!/\bcode\s*:\s*"#/.test(code)) return undefined;
  return named(code, /(?:(?<=\()|\bcode\s*:\s*)"#(\d+)"(?!\s*[=!]==?)/g) ? 'perhaps' : undefined;
}

/** Whether something is written in a function's code. */
export const mentions = (given: unknown, word: RegExp): boolean => word.test(sourceOf(given)?.code ?? '');
