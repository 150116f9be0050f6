// For workerd: bundled, with the settings as a binding.

import { env } from 'cloudflare:workers';
import { Redis } from '@upstash/redis/cloudflare';
import { appOn } from './app.ts';

const app = appOn(Redis as never, env.SETTINGS);

export default {
  fetch: (request: Request, _env: unknown, ctx: { waitUntil: (work: Promise<unknown>) => void }) =>
    app.fetch(request, (work) => ctx.waitUntil(work)),
};
