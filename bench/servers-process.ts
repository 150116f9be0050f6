// A Redis and a REST gateway in front of it, in a process of their own: what they need of the processor is not ours.
import { startGateway } from '../test/support/gateway.ts';
import { startRedis } from '../test/support/redis.ts';

const redis = await startRedis();
const gateway = await startGateway({ redisPort: redis.port });
// It keeps what it was asked for, bodies of a megabyte among them.
const forgetting = setInterval(() => gateway.reset(), 100);

process.once('disconnect', async () => {
  clearInterval(forgetting);
  await gateway.close();
  await redis.stop();
});
process.send?.({ url: gateway.url, token: gateway.token, redisPort: redis.port });
