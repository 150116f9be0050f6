// For Bun, on its own server.
import { Redis } from '@upstash/redis';
import { appOn } from './app.ts';

declare const Bun: {
  env: Record<string, string>;
  serve: (options: object) => { port: number };
};
const app = appOn(Redis as never, JSON.parse(Bun.env.SETTINGS as string));
const { port } = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request: Request) => app.fetch(request),
});
console.log(JSON.stringify({ port }));
