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
}

const tagLength = 24;
const opaqueTag = /^"[\x21\x23-\x7e\x80-\xff]*"$/;

const tab = 0x09;
const space = 0x20;
const quote = 0x22;
const star = 0x2a;
const comma = 0x2c;

/**
 * The weak entity tag of a whole response, made from the tags of its calls: no body is serialized or hashed again
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
  return `W/"${digest(frame).slice(0, tagLength)}"`;
}

/**
 * Whether an `If-None-Match` field names this tag: `*`, or a list with an equal tag under weak comparison
 * (RFC 9110 §13.1.2, §8.8.3.2). Malformed members are skipped, never matched. One pass, linear in the header's length.
 *
 * @param header the field value as received; `null` or `undefined` when absent.
 * @param etag the tag of the current representation, with its quotes.
 * @example
 * matchesIfNoneMatch('"a", W/"b"', '"b"'); // true
 */
export function matchesIfNoneMatch(header: string | null | undefined, etag: string): boolean {
  if (header === null || header === undefined) return false;
  const end = header.length;
  const first = skipSpace(header, 0);
  if (header.charCodeAt(first) === star && skipSpace(header, first + 1) === end) return true;

  const opaque = etag.startsWith('W/') ? etag.slice(2) : etag;
  // Candidates are compared by their first characters: a valid tag of ours ends where they end, and none malformed equals it.
  if (!opaqueTag.test(opaque)) return false;

  for (let at = 0; at < end; at = nextMember(header, at)) {
    at = skipSpace(header, at);
    // The prefix is case-sensitive (RFC 9110 §8.8.3).
    const open = header.startsWith('W/', at) ? at + 2 : at;
    if (header.charCodeAt(open) !== quote) continue;
    const close = header.indexOf('"', open + 1);
    if (close < 0) return false;
    at = skipSpace(header, close + 1);
    const complete = at === end || header.charCodeAt(at) === comma;
    if (complete && header.startsWith(opaque, open)) return true;
  }
  return false;
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
