// Docs: docs/inspector.md
import { digest } from '../digest.ts';
import { randomId } from '../epochs.ts';
import { invalid, rejectUnknown } from '../errors.ts';
import { createLabels } from '../label.ts';
import type { CacheStatus } from '../status.ts';
import type { Cache } from '../surface.ts';
import { actOn } from './action.ts';
import { guarded, isAnswered, json, notAllowed } from './answers.ts';
import { countsOf, type PathCounts, type Slot } from './counts.ts';
import { type FeedItem, feedOf } from './feed.ts';
import { answerNode, type NodeRequest, type NodeResponse } from './node.ts';
import { foreign, isOrigin, isSameOrigin, refusalOf, wordCookie, wordsIn } from './origin.ts';
import { pageOf } from './page.ts';

/** The options of {@link inspector}. */
export interface InspectorOptions<C> {
  /** Refuses to invalidate; everything else stays. @default false */
  readonly readOnly?: boolean;
  /** How many of the last invalidations, failures and changes of the breaker are kept, from 1 to 1,000. @default 200 */
  readonly events?: number;
  /** What the page is called. @default 'Cache inspector' */
  readonly title?: string;
  /**
   * The context for explanations, made of the request of whoever looks: for callbacks of `cached` that read one. Entries are
   * looked up for the scope that it gives, unless another one is chosen on the page.
   * @default none: callbacks get `undefined`
   */
  readonly context?: (request: Request) => C | Promise<C>;
  /**
   * More origins at which the page stands, besides the one that the `Host` header tells: for a proxy that does not hand
   * that on, and browsers that do not say more (`http:`). Such as `'http://intranet.example'`.
   * @default none
   */
  readonly origins?: readonly string[];
}

/** A page that shows a cache at work. Mount it behind your own auth: it has none. */
export interface Inspector {
  /** Answers every request that is sent to where it is mounted, on any runtime. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** The same for servers of Node, and for Express. */
  readonly node: (request: NodeRequest, response: NodeResponse) => Promise<void>;
  /** Stops listening to the cache. */
  readonly close: () => void;
}

/** What the page is told, again and again. Every part of it can be added to that of another process. */
export interface Snapshot {
  /** Which process, or isolate, this is. */
  readonly boot: string;
  /** When, in milliseconds of the wall clock of the server. */
  readonly at: number;
  /** Whether the page may invalidate. */
  readonly readOnly: boolean;
  /** Whether explanations have a context of their own. */
  readonly hasContext: boolean;
  /** How the cache stands. */
  readonly status: CacheStatus;
  /** What was counted, by path. */
  readonly paths: readonly PathCounts[];
  /** What was counted, by time. */
  readonly slots: readonly Slot[];
  /** How many of what happened are kept. */
  readonly events: number;
  /** What happened that the page does not have yet. */
  readonly items: readonly FeedItem[];
}

/**
 * Makes a page that shows what a cache does: outcomes per procedure, entries, invalidations as they come, the store; and that
 * explains a call and invalidates a target. It listens from when it is made, in bounded memory, and shows no input, no output and
 * no scope.
 *
 * @throws CacheError `INVALID_OPTION` for something that is no cache, or a wrong option.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createCache } from 'trpc-cached';
 * import { inspector } from 'trpc-cached/inspector';
 *
 * const cache = createCache({ scope: 'public' });
 * const panel = inspector(cache, { readOnly: true });
 * createServer((req, res) => {
 *   if (req.headers.authorization === 'Basic YWRtaW46c2VjcmV0') void panel.node(req, res);
 *   else res.writeHead(401, { 'www-authenticate': 'Basic' }).end();
 * }).listen(3001); // admin / secret, in Base64
 * ```
 */
export function inspector<C>(cache: Cache<C>, options: InspectorOptions<C> = {}): Inspector {
  if (needed.some((name) => typeof (cache as Partial<Cache<C>> | undefined | null)?.[name] !== 'function'))
    throw invalid('inspector: cache', 'what createCache returned', cache);
  if (typeof options !== 'object' || options === null) throw invalid('inspector: options', 'an object', options);
  rejectUnknown(options, ['readOnly', 'events', 'title', 'context', 'origins'], 'inspector');
  const { readOnly = false, events = 200, title = 'Cache inspector', context, origins = [] } = options;
  if (typeof readOnly !== 'boolean') throw invalid('inspector: readOnly', 'a boolean', readOnly);
  if (!Number.isInteger(events) || events < 1 || events > 1_000)
    throw invalid('inspector: events', 'a whole number from 1 to 1,000', events);
  if (typeof title !== 'string') throw invalid('inspector: title', 'a text', title);
  if (context !== undefined && typeof context !== 'function')
    throw invalid('inspector: context', 'a function', context);
  if (!Array.isArray(origins)) throw invalid('inspector: origins', "a list such as ['https://shop.example']", origins);
  for (const origin of origins)
    if (!isOrigin(origin)) throw invalid('inspector: origins', "origins such as 'https://shop.example'", origin);

  const { namespace, hashKeys } = cache.status();
  const counts = countsOf(cache);
  const feed = feedOf({ cache, most: events, labels: createLabels(namespace, hashKeys) });
  let boot: string | undefined; // drawn at the first request: nothing is random at module scope on Workers

  function snapshot(seen: string): Snapshot {
    boot ??= digest(String(randomId())).slice(0, 12);
    const last = seen.split('~').findLast((one) => one.startsWith(`${boot}.`));
    const status = cache.status();
    return {
      boot,
      at: Date.now(),
      readOnly,
      hasContext: context !== undefined,
      status,
      paths: counts.paths(),
      slots: counts.slots(),
      events,
      items: feed.since(Number(last?.slice(boot.length + 1)) || 0, status.procedures),
    };
  }

  async function act(request: Request): Promise<Response> {
    const refusal = refusalOf(request, origins);
    if (refusal !== undefined) return json({ error: refusal }, 403);
    const { status, body } = await actOn(request, cache, { readOnly, context });
    return json(body, status);
  }

  async function answer(request: Request): Promise<Response> {
    if (!isAnswered(request.method)) return notAllowed();
    if (request.method === 'POST') return act(request);
    const seen = new URL(request.url).searchParams.get('since');
    if (seen !== null) return isSameOrigin(request, origins) ? json(snapshot(seen)) : json({ error: foreign }, 403);
    // One word for all tabs: a second one must not make the first one's out of date, not even one that a link of
    // another site opened. Hence Lax; no request of another site that acts brings such a cookie.
    const word = wordsIn(request.headers.get('cookie'))[0] ?? digest(`${randomId()}${randomId()}`);
    const { html, policy } = pageOf({ title, word, nonce: digest(String(randomId())) });
    const secure = isTls(request) ? '; Secure' : '';
    return new Response(html, {
      headers: {
        ...guarded,
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'set-cookie': `${wordCookie}=${word}; HttpOnly; SameSite=Lax${secure}`,
      },
    });
  }

  return {
    fetch: answer,
    node: (request, response) => answerNode(answer, request, response),
    close() {
      counts.stop();
      feed.stop();
    },
  };
}

// What cache.for gives has only some of them.
const needed = ['on', 'status', 'explain', 'entries', 'invalidate'] as const;

/** A proxy that ends TLS says so; who makes that up has only a stricter cookie. */
const isTls = (request: Request): boolean =>
  new URL(request.url).protocol === 'https:' || /^https\b/i.test(request.headers.get('x-forwarded-proto') ?? '');
