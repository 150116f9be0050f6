import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A line between a client and a server over TCP, that fails as told. */
export interface Proxy {
  readonly port: number;
  /** Closes every connection. */
  readonly cut: () => void;
  /** What the server answers is lost, and its connection with it: the command ran, and the client cannot know. */
  readonly loseReplies: (is: boolean) => void;
  /** Replies come that much later. */
  readonly delay: (ms: number) => void;
  /** Nothing goes through in either direction, and nobody is told. */
  readonly silence: (is: boolean) => void;
  readonly close: () => Promise<void>;
}

/** Opens a line to a port of this machine. */
export async function startProxy(target: number): Promise<Proxy> {
  const open = new Set<Socket>();
  let losing = false;
  let delayMs = 0;
  let silent = false;

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1').setNoDelay(true);
    client.setNoDelay(true);
    let toClient: Promise<unknown> = Promise.resolve(); // keeps replies in order when their delay changes
    let wasSilent = false;
    const end = () => {
      for (const socket of [client, upstream]) {
        socket.destroy();
        open.delete(socket);
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (chunk) => {
      if (silent) wasSilent = true;
      else if (wasSilent)
        end(); // part of the conversation is missing
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (losing) return end();
      if (silent) wasSilent = true;
      if (wasSilent) return silent ? undefined : end();
      const waits = delayMs;
      if (waits > 0) toClient = toClient.then(() => sleep(waits));
      toClient = toClient.then(() => void (client.destroyed || client.write(chunk)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    loseReplies(is) {
      losing = is;
    },
    delay(ms) {
      delayMs = ms;
    },
    silence(is) {
      silent = is;
      if (!is) cut();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
