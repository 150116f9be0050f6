import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ConditionalFetchOptions, conditionalFetch } from '../../src/client/index.ts';
import { counted, serve } from './origin.ts';

export type Headers_ = Record<string, string | string[]>;

/** A server of one answer that knows its tag; `full` are more headers of the 200, `brief` of the 304. */
export async function open(
  { text = '{"a":1}', full = {}, brief = {} }: { text?: string; full?: Headers_; brief?: Headers_ },
  options: ConditionalFetchOptions = {},
) {
  const state = { text, tag: 'W/"1"', full, brief };
  const origin = await serve((req, res) => answer(req, res, state));
  const statuses: number[] = [];
  const get = conditionalFetch({ fetch: counted(statuses), ...options });
  return { ...origin, state, statuses, get };
}

function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { text, tag, full, brief }: { text: string; tag: string; full: Headers_; brief: Headers_ },
): void {
  const known = tag !== '' && req.headers['if-none-match'] === tag;
  const headers = { 'content-type': 'application/json', ...(tag !== '' && { etag: tag }), ...(known ? brief : full) };
  res.writeHead(known ? 304 : 200, headers).end(known ? undefined : text);
}

/** Asks for the same again, once the first answer is read. */
export const twice = async ({ get, url }: { get: typeof fetch; url: string }, init: RequestInit = {}) => {
  const first = await get(url, init);
  const text = await first.text();
  return { first, text, second: await get(url, init) };
};
