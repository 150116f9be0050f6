import { type Gateway, startGateway } from '../support/gateway.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startProxy } from './proxy.ts';
import type { Role } from './roles.ts';

/** What is between one process and the server, and how it fails. */
export interface Line {
  /** How the process reaches it. */
  readonly address: Pick<Role, 'port' | 'url' | 'token'>;
  readonly cut: () => void;
  readonly loseReplies: () => void;
  readonly delay: (ms: number) => void;
  /** Requests and replies vanish. */
  readonly silence: () => void;
  /** Answers that are none; where the line knows what an answer is. */
  readonly garbage?: () => void;
  /** Answers that say no. */
  readonly refuse?: () => void;
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

/** One real server with a line to it for each process. */
export interface World {
  readonly kind: 'redis' | 'upstash';
  readonly server: RedisServer;
  readonly lines: readonly Line[];
  readonly close: () => Promise<void>;
}

/** Starts the server and its lines. */
export async function startWorld(kind: World['kind'], processes: number): Promise<World> {
  const server = await startRedis();
  const lines = await Promise.all(
    Array.from({ length: processes }, () => (kind === 'redis' ? tcpLine(server.port) : httpLine(server.port))),
  );
  return {
    kind,
    server,
    lines,
    async close() {
      await Promise.all(lines.map((line) => line.close()));
      await server.stop();
    },
  };
}

async function tcpLine(target: number): Promise<Line> {
  const proxy = await startProxy(target);
  return {
    address: { port: proxy.port },
    cut: proxy.cut,
    loseReplies: () => proxy.loseReplies(true),
    delay: proxy.delay,
    silence: () => proxy.silence(true),
    heal() {
      proxy.loseReplies(false);
      proxy.delay(0);
      proxy.silence(false);
    },
    close: proxy.close,
  };
}

async function httpLine(target: number): Promise<Line> {
  const gateway: Gateway = await startGateway({ redisPort: target });
  const fail = (fault: Gateway['fault']) => () => {
    gateway.fault = fault;
  };
  // Nobody counts them here, and a long run would keep millions.
  const forgetting = setInterval(() => gateway.requests.splice(0), 1_000).unref();
  return {
    address: { url: gateway.url, token: gateway.token },
    cut: fail({ kind: 'drop', times: 20 }),
    loseReplies: fail({ kind: 'lose-reply' }),
    delay(ms) {
      gateway.fault = { kind: 'delay', ms, at: 'reply' };
    },
    silence: fail({ kind: 'hang' }),
    garbage: fail({ kind: 'garbage', body: '[{"result":["aTE=",7,{}]}]' }),
    refuse: fail({ kind: 'error', status: 503, body: '{"error":"ERR the database is not reachable"}' }),
    heal: fail(undefined),
    async close() {
      clearInterval(forgetting);
      await gateway.close();
    },
  };
}
