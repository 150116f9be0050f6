import { connect, type Socket } from 'node:net';

export type Argument = string | number | Buffer;

/** A reply as Redis sent it: bulk strings keep their bytes, errors are values. */
export type Reply = string | number | null | Buffer | RespError | Reply[];

/** A reply with its bulk strings read as UTF-8. */
export type TextReply = string | number | null | RespError | TextReply[];

/** An error that Redis itself answered, as opposed to a connection that failed. */
export class RespError extends Error {
  override name = 'RespError';
}

export const toText = (reply: Reply): TextReply =>
  Array.isArray(reply) ? reply.map(toText) : Buffer.isBuffer(reply) ? reply.toString() : reply;

export const encodeCommand = (command: readonly Argument[]): Buffer => {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command) {
    const bytes = Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
};

export class RespParser {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes without which parsing again is pointless: keeps a large value from being joined once per chunk. */
  #needed = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Takes the next bytes of the stream and gives the replies which they complete. */
  push(chunk: Buffer): Reply[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];
    this.#bytes = Buffer.concat(this.#chunks, this.#size);
    this.#at = 0;
    this.#needed = 0;
    const replies: Reply[] = [];
    let parsed = 0;
    for (let reply = this.#reply(); reply !== undefined; reply = this.#reply()) {
      replies.push(reply);
      parsed = this.#at;
    }
    this.#chunks = [this.#bytes.subarray(parsed)];
    this.#size -= parsed;
    this.#needed = Math.max(0, this.#needed - parsed);
    return replies;
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf('\r\n', this.#at);
    if (end < 0) return undefined;
    const line = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #reply(): Reply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return new RespError(rest);
      case ':':
        return Number(rest);
      case '$':
        return this.#bulk(Number(rest));
      case '*':
        return this.#array(Number(rest));
      default:
        throw new Error(`Not RESP2: ${JSON.stringify(line.slice(0, 80))}`);
    }
  }

  #bulk(length: number): Buffer | null | undefined {
    if (length < 0) return null;
    const start = this.#at;
    this.#at += length + 2;
    if (this.#at > this.#bytes.length) {
      this.#needed = this.#at;
      return undefined;
    }
    return this.#bytes.subarray(start, start + length);
  }

  #array(length: number): Reply[] | null | undefined {
    if (length < 0) return null;
    const items: Reply[] = [];
    while (items.length < length) {
      const item = this.#reply();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

interface Batch {
  left: number;
  replies: Reply[];
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
}

/** One connection to a local Redis, opened by the first command and again by the first one after it was lost. */
export class RespConnection {
  readonly #port: number;
  #open: { socket: Socket; batches: Batch[] } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends the commands in one write, so that no other command of this connection comes between them. */
  pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    if (commands.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#open ??= this.#connect();
      this.#open.batches.push({ left: commands.length, replies: [], resolve, reject });
      this.#open.socket.write(Buffer.concat(commands.map(encodeCommand)));
    });
  }

  async command(...command: Argument[]): Promise<TextReply> {
    const [reply] = await this.pipeline([command]);
    if (reply instanceof RespError) throw reply;
    return toText(reply!);
  }

  close(): void {
    this.#open?.socket.destroy();
    this.#open = undefined;
  }

  #connect() {
    const socket = connect(this.#port, '127.0.0.1').setNoDelay(true);
    const parser = new RespParser();
    const batches: Batch[] = [];
    let failure = new Error('The connection to Redis was closed');
    const deliver = (reply: Reply) => {
      const batch = batches[0];
      if (!batch) throw new Error('Redis answered more than it was asked');
      batch.replies.push(reply);
      if (--batch.left === 0) batches.shift()?.resolve(batch.replies);
    };
    socket.on('data', (chunk) => {
      try {
        parser.push(chunk).forEach(deliver);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => {
      if (this.#open?.socket === socket) this.#open = undefined;
      for (const batch of batches) batch.reject(failure);
    });
    return { socket, batches };
  }
}
