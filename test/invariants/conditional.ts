import type { Naming } from './steps.ts';

const member = /[ \t]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(?:,|$)/y;

/** The entity tags of an `If-None-Match`, by the grammar of RFC 9110 section 13.1.2; nothing where it does not fit. */
export function tagsIn(field: string): string[] | undefined {
  const tags: string[] = [];
  member.lastIndex = 0;
  while (member.lastIndex < field.length) {
    const found = member.exec(field);
    if (found === null) return undefined;
    if (found[1] !== undefined) tags.push(found[1]);
  }
  return tags;
}

const opaque = (tag: string) => tag.replace(/^W\//, '');
const codings = ['gzip', 'br', 'zstd', 'deflate'];

/** Whether a field names a tag, by weak comparison (RFC 9110 section 8.8.3.2); nothing where the field is malformed. */
export function names(field: string, etag: string, seesThrough: boolean): boolean | undefined {
  if (/^[ \t]*\*[ \t]*$/.test(field)) return true;
  const tags = tagsIn(field);
  if (tags === undefined) return undefined;
  const base = opaque(etag).slice(0, -1);
  const known = [
    opaque(etag),
    ...(seesThrough ? codings.flatMap((coding) => [`${base}-${coding}"`, `${base}--${coding}"`]) : []),
  ];
  return tags.some((tag) => known.includes(opaque(tag)));
}

const unknown = 'W/"AAAAAAAAAAAAAAAAAAAAAAAA"';

/** A field that names tags as a client might; `seen` are the tags of its URL so far, `others` those of other URLs. */
export function fieldOf(naming: Naming, seen: readonly string[], others: readonly string[]): string | undefined {
  const last = seen.at(-1) ?? unknown;
  switch (naming) {
    case 'none':
      return undefined;
    case 'same':
      return last;
    case 'flipped':
      return last.startsWith('W/') ? opaque(last) : `W/${last}`;
    case 'listed':
      return `"a",${others[0] ?? unknown} , ,\t${last},"z"`;
    case 'with a comma':
      return `"a,${opaque(last).replaceAll('"', '')},b", ${last}`;
    case 'older':
      return seen[0] ?? unknown;
    case 'another':
      return others.at(-1) ?? unknown;
    case 'any':
      return '*';
    case 'suffixed':
      return `${last.slice(0, -1)}-gzip"`;
    case 'broken':
      return `${last.slice(0, -1)}, ${opaque(last)}`;
    case 'unknown':
      return `${unknown}, ""`;
  }
}
