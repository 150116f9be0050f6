import { Agent, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';

/** A response with its body read. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A request to be sent; `path` is behind the endpoint. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A router that answers requests. */
export interface Served {
  readonly url: string;
  readonly send: (path: string, sent?: Sent) => Promise<Reply>;
  /** For clients, and for bodies that are read as they come. */
  readonly fetch: (input: RequestInfo | URL | string, init?: RequestInit) => Promise<Response>;
}

/** What sees every request of a server, and its response, before the adapter does. */
export type Observer = (req: IncomingMessage, res: ServerResponse) => void;

/** Listens on a free port until the test ends. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves over a socket what answers below `prefix`. */
export async function serveOn(server: Server, prefix: string, observe: Observer = () => {}): Promise<Served> {
  server.prependListener('request', observe);
  return servedAt(`${await listen(server)}${prefix}`);
}

/** What is reached at a URL. */
export function servedAt(url: string): Served {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return { url, fetch, send: (path, sent) => sendOver(`${url}/${path}`, agent, sent) };
}

/** By `node:http`: `fetch` adds headers of its own, and reads caching headers into others. */
function sendOver(url: string, agent: Agent, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: headersOf(response.rawHeaders),
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** As sent, line by line: two lines of one name are joined by a comma, which is what a cache reads. */
function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < raw.length; index += 2) headers.append(raw[index] as string, raw[index + 1] as string);
  return headers;
}

/** The whole body of a request. */
export async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A request of a socket as a server hands it to a function of `Request`. */
export async function toRequest(req: IncomingMessage): Promise<Request> {
  const body = await bodyOf(req);
  const method = req.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const headers = headersOf(req.rawHeaders);
  return new Request(`http://${req.headers.host}${req.url}`, { method, headers, ...(hasBody && { body }) });
}

/** Writes a `Response` as it comes. */
export async function writeResponse(res: ServerResponse, response: Response): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) res.appendHeader(name, value);
  if (response.body === null) res.end();
  else await pipeline(Readable.fromWeb(response.body as never), res);
}
