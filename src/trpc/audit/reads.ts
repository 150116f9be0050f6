// Docs: docs/errors.md#audit
import type { SourceText } from './scan.ts';
import { closing, opening, partsOf } from './source-text.ts';

/** Which members of its context a function reads, by their names in its text; none by a name that means something else, too. */
export function readsOfCtx({ code, strings }: SourceText): Set<string> {
  const { params, body } = partsOf(code);
  const found: string[] = [];
  for (const pattern of patternsAfter(params, /\bctx\s*:\s*(?=\{)/g)) found.push(...membersOf(pattern));
  for (const name of namesOfCtx(params, body)) {
    if (isOther(name, body)) continue;
    // Of `opts.ctx` likewise; a member that is called as an alias is none.
    const it = name === 'ctx' ? '(?<![\\w$])ctx' : `(?<![\\w$]|\\.\\s*)${name.replaceAll('$', '\\$')}`;
    for (const [, member] of body.matchAll(new RegExp(`${it}\\s*\\??\\.\\s*([A-Za-z_$][\\w$]*)`, 'g')))
      found.push(member ?? '');
    for (const [, at] of body.matchAll(new RegExp(`${it}\\s*(?:\\?\\.)?\\s*\\[\\s*"#(\\d+)"\\s*\\]`, 'g')))
      found.push(strings[Number(at)] ?? '');
    const unpacked = new RegExp(`\\}\\s*=\\s*(?:[\\w$]+\\s*\\.\\s*)?${it}(?![\\w$]|\\s*(?:[.[(]|\\?\\.))`, 'g');
    for (const { index } of body.matchAll(unpacked))
      found.push(...membersOf(body.slice(opening(body.slice(0, index + 1)), index + 1)));
  }
  return new Set(found.filter((name) => /^[\w$]+$/.test(name)));
}

/** What a function calls its context: `ctx`, and what it is renamed to or kept under. */
function namesOfCtx(params: string, body: string): Set<string> {
  const renamed = Array.from(params.matchAll(/\bctx\s*:\s*([A-Za-z_$][\w$]*)/g), ([, name]) => name as string);
  for (const pattern of patternsAfter(body, /\b(?:const|let|var)\s*(?=\{)/g)) {
    const [, name] = /(?<![\w$.])ctx\s*:\s*([A-Za-z_$][\w$]*)/.exec(pattern) ?? [];
    if (name !== undefined) renamed.push(name);
  }
  const kept = body.matchAll(/\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*(?:[\w$]+\s*\.\s*)?ctx\s*(?:[;,\n]|$)/g);
  return new Set(['ctx', ...renamed, ...Array.from(kept, ([, name]) => name as string)]);
}

/** Whether a name means something else as well: of a loop, of what is computed or unpacked, or of a function inside. */
function isOther(given: string, body: string): boolean {
  const name = given.replaceAll('$', '\\$');
  const declared = '\\b(?:const|let|var)\\s';
  const isBound = [
    `${declared}+${name}\\s*(?:of\\b|in\\b|=(?!\\s*(?:[\\w$]+\\s*\\.\\s*)?ctx\\s*(?:[;,\\n]|$)))`,
    `${declared}*[{[](?:[^{}[\\]]*[^\\w$.])?${name}\\s*[,=}\\]][^;=]*[}\\]]?\\s*=(?!\\s*[\\w$]+\\s*(?:[;,\\n]|$))`,
    `(?:^|[^\\w$.])${name}\\s*=>`,
    // The parameters of a function, not the condition of a block.
    `(?<!\\b(?:if|for|while|switch|await)\\s*)\\([^()]*(?<![\\w$.])${name}(?![\\w$])[^()]*\\)\\s*(?:=>|\\{)`,
    `\\bfunction\\b[^(]*\\([^)]*(?<![\\w$.])${name}(?![\\w$])`,
  ];
  return isBound.some((pattern) => new RegExp(pattern).test(body));
}

/** The bracketed patterns that stand behind something. */
function patternsAfter(text: string, place: RegExp): string[] {
  return Array.from(text.matchAll(place), ({ 0: word, index }) => {
    const rest = text.slice(index + word.length);
    return rest.slice(0, closing(rest));
  });
}

/** The names that a pattern takes out of an object, by which that has them. */
function membersOf(pattern: string): string[] {
  const members = [''];
  let depth = 0;
  for (const sign of pattern.slice(1, -1)) {
    if ('([{'.includes(sign)) depth++;
    else if (')]}'.includes(sign)) depth--;
    if (sign === ',' && depth === 0) members.push('');
    else members[members.length - 1] += sign;
  }
  return members.map((member) => (member.split(/[:=]/)[0] as string).trim());
}
