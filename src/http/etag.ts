// Docs: docs/http.md
import { digest } from '../digest.ts';

/** What the entity tag of a response is made of. */
export interface EtagParts {
  /** Whatever changes the bytes without changing the data: library format, transformer, the user's `version`. */
  salt: string;
  /** Whether the body is an array, also for a batch of one. */
  batch: boolean;
  /** One member per call, in the order of the body. */
  calls: readonly {
    /** Full path of the procedure, for example `post.byId`. */
    path: string;
    /** The digest of the call's encoded output, kept in its entry. */
    tag: string;
  }[];
  /** A strong tag, for whoever knows that nothing below changes the bytes. @default false */
  strong?: boolean;
}

const tagLength = 24;
const opaqueTag = /^"[\x21\x23-\x7e\x80-\xff]*"$/;

const tab = 0x09;
const space = 0x20;
const quote = 0x22;
const star = 0x2a;
const comma = 0x2c;

/**
 * The entity tag of a whole response, made from the tags of its calls: no body is serialized or hashed again
 * (RFC 9110 §8.8.3).
 *
 * @returns `W/"…"` with 24 base64url characters (144 bits of SHA-256), equal in every process for equal parts.
 * @example
 * responseEtag({ salt: '1', batch: false, calls: [{ path: 'post.byId', tag: 'A3ySFO73TMOIfzpPCFtOF9digNr9JzsO4WDAnEuhz9Q' }] });
 */
export function responseEtag(parts: EtagParts): string {
  const fields = [parts.salt, parts.batch ? 'batch' : 'single', String(parts.calls.length)];
  for (const { path, tag } of parts.calls) fields.push(path, tag);
  // A length before each field: joined without it, the calls (ab, c) and (a, bc) would share a tag (RFC 9110 §8.8.1).
  const frame = fields.map(framed).join('');
  // Weak, because a compressing proxy below gives one tag to two codings (RFC 9110 §8.8.3.3).
  return `${parts.strong ? '' : 'W/'}"${digest(frame).slice(0, tagLength)}"`;
}

/**
 * The member of an `If-None-Match` field that names this tag: under weak comparison (RFC 9110 §13.1.2, §8.8.3.2), or as a
 * server below us renamed it when it compressed (`"tag-gzip"`). `*` names any. Malformed members are skipped, never matched.
 * One pass, linear in the header's length.
 *
 * @param header the field value as received; `null` or `undefined` when absent.
 * @param etag the tag of the current representation, with its quotes.
 * @param suffixes what servers below may put inside of the quotes.
 * @returns the member as the client wrote it, the tag itself for `*`, `undefined` when none matches.
 * @example
 * namedTag('"a", W/"b"', '"b"'); // 'W/"b"'
 */
export function namedTag(
  header: string | null | undefined,
  etag: string,
  suffixes: readonly string[] = [],
): string | undefined {
  if (header === null || header === undefined) return undefined;
  const end = header.length;
  const first = skipSpace(header, 0);
  if (header.charCodeAt(first) === star && skipSpace(header, first + 1) === end) return etag;

  const opaque = etag.startsWith('W/') ? etag.slice(2) : etag;
  // Candidates are compared by their first characters: a valid tag of ours ends where they end, and none malformed equals it.
  if (!opaqueTag.test(opaque)) return undefined;
  const known = [opaque, ...suffixes.map((suffix) => `${opaque.slice(0, -1)}${suffix}"`)];

  for (let at = 0; at < end; at = nextMember(header, at)) {
    at = skipSpace(header, at);
    const start = at;
    // The prefix is case-sensitive (RFC 9110 §8.8.3).
    const open = header.startsWith('W/', at) ? at + 2 : at;
    if (header.charCodeAt(open) !== quote) continue;
    const close = header.indexOf('"', open + 1);
    if (close < 0) return undefined;
    at = skipSpace(header, close + 1);
    const complete = at === end || header.charCodeAt(at) === comma;
    if (complete && known.some((one) => header.startsWith(one, open))) return header.slice(start, close + 1);
  }
  return undefined;
}

// Optional whitespace is space and tab alone (RFC 9110 §5.6.3).
function skipSpace(header: string, from: number): number {
  let at = from;
  for (let code = header.charCodeAt(at); code === space || code === tab; code = header.charCodeAt(at)) at += 1;
  return at;
}

// A comma may be part of a tag (RFC 9110 §8.8.3: etagc), so only one outside quotes ends a member.
function nextMember(header: string, from: number): number {
  let quoted = false;
  for (let at = from; at < header.length; at += 1) {
    const code = header.charCodeAt(at);
    if (code === quote) quoted = !quoted;
    else if (code === comma && !quoted) return at + 1;
  }
  return header.length;
}

// As JSON, which escapes lone surrogates: the digest reads UTF-8, where all of them are U+FFFD.
function framed(field: string): string {
  const text = JSON.stringify(field);
  return `${text.length}:${text}`;
}
