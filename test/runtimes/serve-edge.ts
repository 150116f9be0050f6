// For Vercel's edge-runtime: bundled as a script, with the settings as a global.
import { Redis } from '@upstash/redis';
import { appOn } from './app.ts';
import type { Settings } from './settings.ts';

interface FetchEvent {
  readonly request: Request;
  readonly respondWith: (response: Promise<Response>) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const { SETTINGS, addEventListener } = globalThis as unknown as {
  SETTINGS: Settings;
  addEventListener: (name: 'fetch', listener: (event: FetchEvent) => void) => void;
};
const app = appOn(Redis as never, SETTINGS);

addEventListener('fetch', (event) => event.respondWith(app.fetch(event.request, (work) => event.waitUntil(work))));
