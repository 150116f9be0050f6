// Docs: docs/http.md#options

import { type Duration, durationMs } from './duration.ts';
import { CacheError, invalid, rejectUnknown, shown } from './errors.ts';
import { type CdnDialect, cdnDialects } from './http/tag-headers.ts';
import { isToken } from './http/token.ts';

/** How a cache speaks HTTP. */
export interface HttpOptions<C = any> {
  /** Name of the header that says `HIT`, `STALE`, `MISS` or `BYPASS`, one word per call; `false` turns it off. @default 'x-cache' */
  readonly statusHeader?: string | false;
  /** The name of this cache in a `Cache-Status` header (RFC 9211), such as `'trpc-cached'`; `false` sends none. @default false */
  readonly cacheStatus?: string | false;
  /**
   * What becomes of `Cache-Control` in requests (RFC 9111 section 5.2.1): `'honor'` obeys `no-cache`, `no-store`, `max-age`,
   * `min-fresh`, `max-stale` and `only-if-cached`; a predicate obeys for some callers. Whoever is obeyed can turn the cache off.
   * @default 'ignore'
   */
  readonly requestDirectives?: 'ignore' | 'honor' | ((opts: { ctx: C; path: string }) => boolean);
  /** Sends `Age` and whole lifetimes in place of remaining ones, for caches below that read `Age` well. @default false */
  readonly age?: boolean;
  /** Sends strong tags; only where nothing below changes the bytes, by compression for example (RFC 9110 section 8.8.3.3). @default false */
  readonly strongEtag?: boolean;
  /** What servers below put into a tag when they compress, to be seen through in `If-None-Match`; `true` is what is common. @default false */
  readonly encodingSuffixes?: boolean | readonly string[];
  /** Lets shared caches keep public answers to requests with `Authorization` (RFC 9111 section 3.5). @default false */
  readonly allowAuthorization?: boolean;
  /**
   * For so long after a mutation that invalidated something, its client's queries are answered from the store's primary: no
   * replica, no copy that is only trusted. Told by a cookie, `trpc-cached-exact`. @default false
   */
  readonly readYourWrites?: Duration | false;
  /**
   * Tells the client of a mutation what that invalidated, for `invalidationLink` of `trpc-cached/client`: in the header
   * `x-cache-invalidated`, or one of another name of its own. It shows names of procedures, never scopes, tags or keys. @default false
   */
  readonly tellInvalidated?: boolean | string;
  /**
   * The CDN, or CDNs, that shall learn the tags of what they may keep, to be purged by them: `'cloudflare'`, `'fastly'`,
   * `'akamai'`, `'vercel'`. @default none
   */
  readonly cdnTags?: CdnDialect | readonly CdnDialect[];
}

/** The options once checked. */
export interface HttpSettings {
  readonly statusHeader: string | false;
  readonly cacheStatus: string | false;
  /** Whether the directives of a request count; nothing where those of none do. */
  readonly honours: ((opts: { ctx: unknown; path: string }) => boolean) | undefined;
  readonly age: boolean;
  readonly strongEtag: boolean;
  readonly encodingSuffixes: readonly string[];
  readonly allowAuthorization: boolean;
  readonly readYourWritesMs: number;
  readonly tellInvalidated: string | false;
  readonly cdnTags: readonly CdnDialect[];
}

// Apache, Caddy and Jetty, by the names of the codings (RFC 9110 section 8.4.1).
const commonSuffixes = ['gzip', 'br', 'zstd', 'deflate'].flatMap((coding) => [`-${coding}`, `--${coding}`]);

const known = [
  'statusHeader',
  'cacheStatus',
  'requestDirectives',
  'age',
  'strongEtag',
  'encodingSuffixes',
  'allowAuthorization',
  'readYourWrites',
  'tellInvalidated',
  'cdnTags',
];

/** Checks the `http` options of `createCache`. */
export function resolveHttpOptions(http: HttpOptions): HttpSettings {
  const where = 'createCache: http';
  rejectUnknown(http, known, where);
  for (const option of ['age', 'strongEtag', 'allowAuthorization'] as const) {
    if (http[option] !== undefined && typeof http[option] !== 'boolean')
      throw invalid(`${where}.${option}`, 'a boolean', http[option]);
  }
  const { readYourWrites = false } = http;
  const statusHeader = headerName(http.statusHeader, 'x-cache', `${where}.statusHeader`);
  return {
    statusHeader,
    cacheStatus: cacheName(http.cacheStatus, `${where}.cacheStatus`),
    honours: honoured(http.requestDirectives, `${where}.requestDirectives`),
    age: http.age === true,
    strongEtag: http.strongEtag === true,
    encodingSuffixes: suffixes(http.encodingSuffixes, `${where}.encodingSuffixes`),
    allowAuthorization: http.allowAuthorization === true,
    readYourWritesMs: readYourWrites === false ? 0 : durationMs(readYourWrites, `${where}.readYourWrites`),
    tellInvalidated: toldHeaderName(http.tellInvalidated, statusHeader, `${where}.tellInvalidated`),
    cdnTags: dialectsOf(http.cdnTags, `${where}.cdnTags`),
  };
}

// What HTTP, browsers or CDNs read: a field of ours by such a name would tell them something else.
const taken = new Set(
  [
    'accept age allow alt-svc authorization cache-control cache-status cache-tag cdn-cache-control clear-site-data',
    'cloudflare-cdn-cache-control connection cookie date edge-cache-tag etag expires host keep-alive last-modified link',
    'location pragma refresh retry-after server set-cookie strict-transport-security surrogate-control surrogate-key te',
    'trailer transfer-encoding upgrade vary vercel-cache-tag vercel-cdn-cache-control via warning www-authenticate',
  ].flatMap((names) => names.split(' ')),
);
const families = /^(?:accept|access-control|content|cross-origin|proxy|sec)-/;
const hasMeaning = (name: string): boolean => taken.has(name.toLowerCase()) || families.test(name.toLowerCase());

function headerName(name: unknown, standard: string, option: string): string | false {
  if (name === undefined || name === false) return name ?? standard;
  if (typeof name !== 'string' || !isToken(name))
    throw invalid(option, `a header name such as '${standard}', or false`, name);
  if (hasMeaning(name)) throw meant(option, name, standard);
  return name;
}

function toldHeaderName(
  given: HttpOptions['tellInvalidated'] = false,
  statusHeader: string | false,
  option: string,
): string | false {
  const standard = 'x-cache-invalidated';
  const name = headerName(given === true ? undefined : given, standard, option);
  if (name === false) return false;
  if (name.toLowerCase() === 'x-cache') throw meant(option, name, standard);
  if (statusHeader === false || name.toLowerCase() !== statusHeader.toLowerCase()) return name;
  const text = `${option}: ${shown(name)} is the name of http.statusHeader, too. Give each a name of its own.`;
  throw new CacheError('INVALID_OPTION', text);
}

const meant = (option: string, name: string, standard: string): CacheError => {
  const text = `${option}: ${shown(name)} means something else. Choose a name of its own such as '${standard}'.`;
  return new CacheError('INVALID_OPTION', text);
};

function cacheName(name: HttpOptions['cacheStatus'], option: string): string | false {
  // What a String of a structured field can hold (RFC 9651 section 3.3.3).
  if (name === undefined || name === false) return false;
  if (typeof name === 'string' && /^[\x20-\x7e]+$/.test(name)) return name;
  throw invalid(option, "the name of this cache such as 'trpc-cached', or false", name);
}

function honoured(given: HttpOptions['requestDirectives'], option: string): HttpSettings['honours'] {
  if (given === undefined || given === 'ignore') return undefined;
  if (given === 'honor') return () => true;
  if (typeof given === 'function') return given;
  throw invalid(option, "'ignore', 'honor' or a predicate such as ({ ctx }) => ctx.isAdmin", given);
}

function dialectsOf(given: HttpOptions['cdnTags'], option: string): readonly CdnDialect[] {
  if (given === undefined) return [];
  const list: readonly CdnDialect[] = typeof given === 'string' ? [given] : given;
  const wrong = Array.isArray(list) ? list.find((one) => !cdnDialects.includes(one)) : given;
  if (wrong === undefined) return [...new Set(list)];
  throw invalid(option, `one or more of ${cdnDialects.map((one) => `'${one}'`).join(', ')}`, wrong);
}

function suffixes(given: HttpOptions['encodingSuffixes'], option: string): readonly string[] {
  if (given === undefined || given === false) return [];
  if (given === true) return commonSuffixes;
  if (Array.isArray(given) && given.every((one) => typeof one === 'string' && /^[\x21\x23-\x7e]+$/.test(one)))
    return given;
  throw invalid(option, "true, false or suffixes such as ['-gzip']", given);
}
