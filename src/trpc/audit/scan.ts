// Docs: docs/errors.md#audit
/** The text of a function: code without comments, its strings apart. `"#0"` in the code is the first of them. */
export interface SourceText {
  readonly code: string;
  readonly strings: readonly string[];
}

const plain = /[^'"`/{}]+/y;
const comment = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const quoted = /(['"])((?:\\[\s\S]|(?!\1)[^\\])*)(?:\1|$)/y;
const expression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
const templateText = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y;
// A slash that no value stands before begins an expression.
const beforeExpression =
  /(?:^|[(,=:[!&|?{};%~^<>*]|(?<!\+)\+|(?<!-)-|\b(?:return|typeof|case|in|of|delete|void|throw|await|yield|else|do))$/;

/** Takes comments, strings and regular expressions out of code. What a template computes is code, and stays. */
export function scan(text: string): SourceText {
  const strings: string[] = [];
  let at = 0;

  /** What stands here, if it is of this kind; then it is read. */
  function take(kind: RegExp): RegExpExecArray | null {
    kind.lastIndex = at;
    const found = kind.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  }

  function template(): string {
    const number = strings.push('') - 1;
    const from = ++at;
    let computed = '';
    for (;;) {
      take(templateText);
      if (at >= text.length || text[at] === '`') break;
      at += '${'.length;
      computed += `+(${code()})`;
      at++;
    }
    strings[number] = text.slice(from, at++);
    return `"#${number}"${computed}`;
  }

  /** Code up to the end, or to the brace that closes what surrounds it. */
  function code(): string {
    let read = '';
    for (let depth = 0; at < text.length; ) {
      const word = take(plain);
      if (word !== null) read += word[0];
      const sign = text[at];
      if (sign === '}' && depth === 0) return read;
      if (sign === '`') read += template();
      else if (sign === '{' || sign === '}') {
        depth += sign === '{' ? 1 : -1;
        read += sign;
        at++;
      } else if (sign !== undefined) {
        const string = take(quoted);
        if (string !== null) read += `"#${strings.push(string[2] ?? '') - 1}"`;
        else if (take(comment)) read += ' ';
        else if (beforeExpression.test(read.trimEnd().slice(-12)) && take(expression)) read += '"#-"';
        else read += text[at++] ?? '';
      }
    }
    return read;
  }

  let read = code();
  while (at < text.length) read += text[at++] + code(); // a brace too many
  return { code: read, strings };
}
