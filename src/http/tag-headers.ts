// Docs: docs/http.md#cdn
import { digest } from '../digest.ts';

/** A CDN, by the header in which it reads tags. */
export type CdnDialect = 'cloudflare' | 'fastly' | 'akamai' | 'vercel';

/** How a CDN writes tags, and how much it reads. */
interface Dialect {
  readonly header: string;
  readonly separator: ',' | ' ';
  /** What of the common form has to be escaped once more. */
  readonly foreign?: RegExp;
  /** In characters, which are bytes: tags are ASCII. */
  readonly longestTag: number;
  readonly mostTags?: number;
  /** Of the whole value. */
  readonly longestValue: number;
}

// By their documentation; where a limit is of all headers together, room is left for the others.
const dialects: Readonly<Record<CdnDialect, Dialect>> = {
  cloudflare: { header: 'cache-tag', separator: ',', longestTag: 1_024, mostTags: 1_000, longestValue: 16_000 },
  fastly: { header: 'surrogate-key', separator: ' ', longestTag: 1_024, longestValue: 16_384 },
  akamai: {
    header: 'edge-cache-tag',
    separator: ',',
    foreign: /[^\w!#$%'+.^`|~-]/g,
    longestTag: 128,
    mostTags: 128,
    longestValue: 7_168,
  },
  vercel: { header: 'vercel-cache-tag', separator: ',', longestTag: 256, mostTags: 128, longestValue: 8_192 },
};

/** The names of all dialects. */
export const cdnDialects = Object.keys(dialects) as readonly CdnDialect[];

/**
 * A tag as a CDN carries it, in headers and in purges: characters that it does not allow are escaped, and a tag that is too
 * long for it is replaced by its hash.
 *
 * @param dialect whose alphabet and limits.
 * @param tag a tag as a `purge` hook receives it.
 * @example
 * ```ts
 * import { cdnTag } from 'trpc-cached/cdn';
 *
 * cdnTag('akamai', 'post:1'); // 'post%3A1'
 * ```
 */
export function cdnTag(dialect: CdnDialect, tag: string): string {
  const { foreign, longestTag } = dialects[dialect];
  const carried = foreign === undefined ? tag : tag.replace(foreign, escaped);
  return carried.length > longestTag ? `#${digest(tag)}` : carried;
}

const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;

/**
 * The headers that tell CDNs the tags of a response, behind what it says there already. More than one of them reads is an
 * error: what was cut off could not be purged.
 *
 * @param tags as `cdnTagsOf` gives them.
 * @param existing the value of a header of the response so far.
 * @throws RangeError saying whose limit it is.
 * @example
 * tagHeaders(['fastly'], ['post', 'post:1'], () => null); // [['surrogate-key', 'post post:1']]
 */
export function tagHeaders(
  names: readonly CdnDialect[],
  tags: readonly string[],
  existing: (header: string) => string | null,
): [header: string, value: string][] {
  return names.map((name) => {
    const { header, separator, mostTags = Number.POSITIVE_INFINITY, longestValue } = dialects[name];
    const said = (existing(header) ?? '').split(separator === ' ' ? /[\s,]+/ : /\s*,\s*/).filter((tag) => tag !== '');
    const all = [...new Set([...said, ...tags.map((tag) => cdnTag(name, tag))])];
    const value = all.join(separator);
    if (all.length > mostTags)
      throw new RangeError(`${name} reads ${mostTags} tags of a response, this has ${all.length}`);
    if (value.length > longestValue)
      throw new RangeError(`${name} reads ${longestValue} bytes of tags, this response has ${value.length}`);
    return [header, value];
  });
}
