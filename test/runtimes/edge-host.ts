// Runs Vercel's edge-runtime in a process of Node: the bundle and the settings come in the environment.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { MODULE, BUNDLE, SETTINGS } = process.env as Record<string, string>;
const { EdgeRuntime, runServer } = (await import(pathToFileURL(MODULE as string).href)) as {
  EdgeRuntime: new (options: object) => unknown;
  runServer: (options: object) => Promise<{ url: string }>;
};
const runtime = new EdgeRuntime({
  initialCode: readFileSync(BUNDLE as string, 'utf8'),
  extend: (context: object) => Object.assign(context, { SETTINGS: JSON.parse(SETTINGS as string) }),
});
const { url } = await runServer({ runtime, host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ port: Number(new URL(url).port) }));
