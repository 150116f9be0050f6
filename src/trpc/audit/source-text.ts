// Docs: docs/errors.md#audit
/** The text of a function: code without comments, its strings apart. `"#0"` in the code is the first of them. */
export interface SourceText {
  readonly code: string;
  readonly strings: readonly string[];
}

/** What a function was written as; nothing for one that does not tell (bound, or native). */
export function sourceOf(given: unknown): SourceText | undefined {
  if (typeof given !== 'function') return undefined;
  const text = Function.prototype.toString.call(given);
  if (text.includes('[native code]')) return undefined;
  const strings: string[] = [];
  // A slash that no value stands before begins an expression: strings inside of one are none.
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(['"`])((?:\\[\s\S]|(?!\1)[^\\])*)\1|([(,=:[!&|?{};\n]\s*)(\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/)/g;
  const code = text.replace(token, (whole, quote?: string, inside?: string, before?: string) => {
    if (before !== undefined) return `${before}"#-"`;
    if (quote === undefined) return ' ';
    strings.push(inside ?? '');
    // What a template computes is code.
    const computed = quote === '`' ? Array.from(whole.matchAll(/\$\{([^}]*)\}/g), ([, inner]) => `(${inner})`) : [];
    return `"#${strings.length - 1}"${computed.length > 0 ? `+${computed.join('+')}` : ''}`;
  });
  return { code, strings };
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

/** Which members of `ctx` a function reads, by their names in its text; none where another thing in it is called `ctx`, too. */
export function readsOfCtx({ code, strings }: SourceText): Set<string> {
  const { params, body } = partsOf(code);
  const isOther =
    /\b(?:const|let|var)\s+ctx\s*=(?!\s*[\w$]+\s*\.\s*ctx\s*[;\n])/.test(body) ||
    /(?:^|[^\w$.])ctx\s*=>|\([^()]*(?:^|[^\w$.])ctx\b[^()]*\)\s*(?:=>|\{)|\bfunction\b[^(]*\([^)]*\bctx\b/.test(body);
  if (isOther) return new Set();
  const names = Array.from(body.matchAll(/\bctx\s*(?:\?\.|\.)\s*([A-Za-z_$][\w$]*)/g), ([, name]) => name as string);
  for (const [, at] of body.matchAll(/\bctx\s*(?:\?\.)?\s*\[\s*"#(\d+)"\s*\]/g)) names.push(strings[Number(at)] ?? '');
  const unpacked = [
    ...params.matchAll(/\bctx\s*:\s*\{([^{}]*)/g),
    ...body.matchAll(/\{([^{}]*)\}\s*=\s*(?:[\w$]+\s*\.\s*)?ctx\b(?!\s*(?:[.[(]|\?\.))/g),
  ];
  for (const [, members = ''] of unpacked) {
    for (const member of members.split(',')) names.push((member.split(/[:=]/)[0] as string).trim());
  }
  return new Set(names.filter((name) => /^[\w$]+$/.test(name)));
}

/** The codes that refuse a caller for who that is. */
export const refusals: readonly string[] = ['UNAUTHORIZED', 'FORBIDDEN'];

/** Whether a function refuses callers, as its text says: surely, where it throws that. */
export function refuses(given: unknown, codes: readonly string[] = refusals): 'surely' | 'perhaps' | undefined {
  const source = sourceOf(given);
  if (source === undefined) return undefined;
  let found: 'perhaps' | undefined;
  for (const [, thrown, at] of source.code.matchAll(
    /(\bthrow\s+(?:new\s+)?[\w$.]+\s*\(\s*(?:\{\s*)?)?(?:(?<=\()|\bcode\s*:\s*)"#(\d+)"(?!\s*[=!]==?)/g,
  )) {
    if (!codes.includes(source.strings[Number(at)] ?? '')) continue;
    if (thrown !== undefined) return 'surely';
    if (/\bcode\s*:\s*"#/.test(source.code)) found = 'perhaps';
  }
  return found;
}

/** Whether something is written in a function's code. */
export const mentions = (given: unknown, word: RegExp): boolean => word.test(sourceOf(given)?.code ?? '');
