import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Reply, RespConnection, RespError } from './resp.ts';

type FaultKind =
  /** No reply, ever; the command does not run. */
  | { kind: 'hang' }
  /** This status and body; the command does not run. */
  | { kind: 'error'; status: number; body: string }
  /** A 200 with this body; the command does not run. */
  | { kind: 'garbage'; body: string }
  /** The socket closes; the command does not run. */
  | { kind: 'drop' }
  /** The command runs, then the socket closes. */
  | { kind: 'lose-reply' }
  /** The request waits before the command runs (the default), or the reply waits after it ran. */
  | { kind: 'delay'; ms: number; at?: 'request' | 'reply' };

export type Fault = FaultKind & {
  /** After so many requests the fault is gone; without it, it stays. */
  times?: number;
  /** Only requests with such commands are hit. */
  match?: (commands: string[][]) => boolean;
};

export interface GatewayRequest {
  path: string;
  /** One for `/`. Empty when the body was not understood. */
  commands: string[][];
}

export interface Gateway {
  readonly url: string;
  readonly token: string;
  /** Every request that came in whole, refused and failed ones too, in order. */
  readonly requests: GatewayRequest[];
  fault: Fault | undefined;
  /** How many requests came since the last reset. */
  count(): number;
  /** Forgets the requests and the fault. */
  reset(): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: string;
}

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) });

// All requests share one connection, which these would change or block for the others.
const CONNECTION_BOUND =
  /^(auth|b[lrz]\w*(pop|move)\w*|client|discard|exec|hello|monitor|multi|[ps]?subscribe|quit|reset|select|wait|(un)?watch)$/i;

const toArgument = (value: unknown): string => {
  if (value === null) throw new Refusal(400, 'ERR null args are not supported');
  if (typeof value === 'object') throw new Refusal(400, 'ERR unsupported arg type');
  return String(value);
};

const toCommand = (value: unknown): string[] => {
  if (!Array.isArray(value) || value.length === 0) throw new Refusal(400, 'ERR failed to parse command');
  return value.map(toArgument);
};

const toCommands = (path: string, text: string): string[][] => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'ERR failed to parse request body');
  }
  if (path === '/') return [toCommand(body)];
  if (path !== '/pipeline' && path !== '/multi-exec') throw new Refusal(404, 'ERR no such path');
  if (!Array.isArray(body) || body.length === 0) throw new Refusal(400, 'ERR empty pipeline request');
  return body.map(toCommand);
};

const toResult = (reply: Reply, base64: boolean, nested = false): unknown => {
  if (Array.isArray(reply)) return reply.map((item) => toResult(item, base64, true));
  if (reply === null || typeof reply === 'number') return reply;
  const bytes = reply instanceof RespError ? Buffer.from(reply.message) : Buffer.from(reply);
  if (!base64 || (!nested && reply === 'OK')) return bytes.toString();
  return bytes.toString('base64');
};

/** Speaks the REST protocol of Upstash in front of a Redis on this machine, and fails as told. */
export const startGateway = async (options: { redisPort: number; token?: string }): Promise<Gateway> => {
  const token = options.token ?? 'token-of-tests';
  const redis = new RespConnection(options.redisPort);
  let runs = 0;

  const run = async ({ path, commands }: GatewayRequest, headers: IncomingHttpHeaders): Promise<Answer> => {
    const bound = commands.find(([name]) => CONNECTION_BOUND.test(name!));
    if (bound) throw new Refusal(400, `ERR Command is not available: '${bound[0]!.toUpperCase()}'`);
    const base64 = headers['upstash-encoding'] === 'base64';
    const item = (reply: Reply) =>
      reply instanceof RespError ? { error: reply.message } : { result: toResult(reply, base64) };
    if (path !== '/multi-exec') {
      const items = (await redis.pipeline(commands)).map(item);
      return path === '/pipeline' ? json(200, items) : json('error' in items[0]! ? 400 : 200, items[0]);
    }
    const replies = (await redis.pipeline([['MULTI'], ...commands, ['EXEC']])).at(-1);
    return Array.isArray(replies) ? json(200, replies.map(item)) : json(400, item(replies!));
  };

  const takeFault = (commands: string[][]): Fault | undefined => {
    const { fault } = gateway;
    if (!fault || (fault.match && !fault.match(commands))) return undefined;
    if (fault.times !== undefined) gateway.fault = fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined;
    return fault;
  };

  const toAnswer = (error: unknown): Answer =>
    error instanceof Refusal
      ? json(error.status, { error: error.message })
      : json(503, { error: `ERR the database is not reachable: ${error}` });

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = Buffer.concat(await incoming.toArray()).toString();
    const request: GatewayRequest = { path: incoming.url ?? '/', commands: [] };
    let refusal: unknown;
    try {
      request.commands = toCommands(request.path, text);
    } catch (error) {
      refusal = error;
    }
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      refusal = new Refusal(401, 'WRONGPASS invalid or missing auth token');
    }
    gateway.requests.push(request);

    const fault = takeFault(request.commands);
    const send = ({ status, body }: Answer) => {
      response.writeHead(status, { 'content-type': 'application/json', 'upstash-sync-token': `run-${++runs}` });
      response.end(body);
    };
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'drop') return void incoming.socket.destroy();
    if (fault?.kind === 'error') return send(fault);
    if (fault?.kind === 'garbage') return send({ status: 200, body: fault.body });
    if (fault?.kind === 'delay' && fault.at !== 'reply') await sleep(fault.ms);
    const answer = refusal ? toAnswer(refusal) : await run(request, incoming.headers).catch(toAnswer);
    if (fault?.kind === 'lose-reply') return void incoming.socket.destroy();
    if (fault?.kind === 'delay' && fault.at === 'reply') await sleep(fault.ms);
    send(answer);
  };

  // A client that leaves in the middle of its request is no error of the gateway.
  const server = createServer((incoming, response) => void serve(incoming, response).catch(() => response.destroy()));
  // An idle socket that closes just as the client uses it again would look like a fault nobody asked for.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const gateway: Gateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    requests: [],
    fault: undefined,
    count: () => gateway.requests.length,
    reset() {
      gateway.requests.length = 0;
      gateway.fault = undefined;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      redis.close();
      await closed;
    },
  };
  return gateway;
};
