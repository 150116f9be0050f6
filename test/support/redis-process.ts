// A process of its own for gateway.test.ts: tells where its Redis is, and lives until it is killed.
import { startRedis } from './redis.ts';

process.stdout.write(String((await startRedis()).port));
