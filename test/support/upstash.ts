import { Redis, type RedisConfigNodejs } from '@upstash/redis';
import type { Gateway } from './gateway.ts';

/** The client that users have, pointed at the gateway. */
export const upstashClient = (
  gateway: Pick<Gateway, 'url' | 'token'>,
  options: Partial<RedisConfigNodejs> = {},
): Redis => new Redis({ url: gateway.url, token: gateway.token, enableTelemetry: false, ...options });
