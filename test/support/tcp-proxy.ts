import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A stretch of wire between a client and a server that a test may damage. */
export interface TcpProxy {
  readonly port: number;
  /** Everything that clients sent so far, as text. */
  readonly sent: () => string;
  /** Breaks every connection, those of now. */
  readonly cut: () => void;
  /** Replies are swallowed from now on, and connections broken at the first one that was; the next connection is whole. */
  readonly loseNextReply: () => void;
  readonly close: () => Promise<void>;
}

/** Starts one on a port of its own. */
export const startTcpProxy = async (to: number): Promise<TcpProxy> => {
  const pairs = new Set<[Socket, Socket]>();
  let sent = '';
  let losing = false;
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  const server = createServer((client) => {
    const remote = connect(to, '127.0.0.1');
    const pair: [Socket, Socket] = [client, remote];
    pairs.add(pair);
    client.on('data', (bytes) => {
      sent += bytes.toString('latin1');
      remote.write(bytes);
    });
    remote.on('data', (bytes) => {
      if (!losing) return client.write(bytes);
      losing = false;
      return cut();
    });
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    cut,
    loseNextReply: () => {
      losing = true;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};
