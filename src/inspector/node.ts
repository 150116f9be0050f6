// Docs: docs/inspector.md#mounting
import { isAnswered, json, mostBytes, notAllowed, tooLong } from './answers.ts';

/** What is read of a request of Node. */
export interface NodeRequest extends AsyncIterable<unknown> {
  /** The HTTP method. */
  readonly method?: string | undefined;
  /** The path, as it is left below a mount. */
  readonly url?: string | undefined;
  /** The headers, names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What a body parser made of the body (Express). */
  readonly body?: unknown;
  /** Where it came in: over TLS the cookie of the page is `Secure`. */
  readonly socket?: object | null;
}

/** What is used of a response of Node. */
export interface NodeResponse {
  /** The HTTP status. */
  statusCode: number;
  /** Sets a header. */
  setHeader(name: string, value: string | string[]): unknown;
  /** Sends the body. */
  end(body?: string): unknown;
  /** Whether it is too late for a status. */
  readonly headersSent?: boolean;
  /** Whether the client is gone. */
  readonly destroyed?: boolean;
}

/** Answers a request of Node by a fetch handler. Never rejects: nobody waits for it, and a rejection would end the process. */
export async function answerNode(
  handler: (request: Request) => Promise<Response>,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  try {
    const answer = await answerOf(handler, request);
    await send(answer, response);
  } catch {
    try {
      // Half an answer cannot be taken back.
      if (response.headersSent === true) response.end();
      else await send(json({ error: 'it failed' }, 500), response);
    } catch {
      // The response itself fails: there is nobody left to tell.
    }
  }
}

async function answerOf(handler: (request: Request) => Promise<Response>, request: NodeRequest): Promise<Response> {
  if (!isAnswered(request.method ?? 'GET')) return notAllowed();
  const given = await requestOf(request);
  return given === undefined ? json({ error: tooLong }, 413) : handler(given);
}

async function send(answer: Response, response: NodeResponse): Promise<void> {
  const text = await answer.text();
  if (response.destroyed === true) return;
  response.statusCode = answer.status;
  answer.headers.forEach((value, name) => {
    if (name !== 'set-cookie') response.setHeader(name, value);
  });
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.end(text);
}

async function requestOf(request: NodeRequest): Promise<Request | undefined> {
  const { method = 'GET', url = '/' } = request;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // Those of HTTP/2 begin with a colon, and are no headers here.
    if (value !== undefined && !name.startsWith(':'))
      headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const isTls = (request.socket as { encrypted?: unknown } | null | undefined)?.encrypted === true;
  const target = `${isTls ? 'https' : 'http'}://localhost/${query}`;
  if (method === 'GET' || method === 'HEAD') return new Request(target, { method, headers });
  const body = request.body === undefined ? await read(request) : textOf(request.body);
  return body === undefined ? undefined : new Request(target, { method, headers, body });
}

async function read(request: NodeRequest): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for await (const chunk of request) {
    const part = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : (chunk as Uint8Array);
    bytes += part.length;
    if (bytes > mostBytes) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body);
}
