// A process of its own for redis-bus.test.ts: listens, ends its client when it is told to, and closes nothing else.
import { once } from 'node:events';
import { redisStore } from '../../src/stores/redis.ts';
import { connect, type Kind } from '../support/redis-clients.ts';

const [, , kind, port] = process.argv;
const { client, end } = await connect(kind as Kind, Number(port));
const store = redisStore(client);
const tell = () => void Promise.resolve(store.advance(['process:e:a'])).catch(() => {});
store.subscribe?.({ moved: () => process.stdout.write('heard\n'), lost: tell });
await once(process.stdin, 'data');
process.stdin.destroy();
end();
