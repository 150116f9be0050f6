// For Deno, on its own server.
import { Redis } from '@upstash/redis';
import { appOn } from './app.ts';

declare const Deno: {
  env: { get: (name: string) => string };
  serve: (options: object, handler: (request: Request) => Promise<Response>) => unknown;
};
const app = appOn(Redis as never, JSON.parse(Deno.env.get('SETTINGS')));
Deno.serve(
  {
    port: 0,
    hostname: '127.0.0.1',
    onListen: ({ port }: { port: number }) => console.log(JSON.stringify({ port })),
  },
  (request) => app.fetch(request),
);
