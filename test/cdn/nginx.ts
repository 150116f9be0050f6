import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { executable } from '../support/executables.ts';
import { servedAt } from '../support/http-sockets.ts';
import { freePort } from '../support/redis.ts';
import { end, tieToThisProcess } from '../support/server-process.ts';

const found = executable('nginx');

export const nginxAvailable = found !== undefined;

/** As Debian's package has it, with a cache that is told nothing but where it is, and to revalidate. */
const configuration = (folder: string, port: number, origin: string) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=shared:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${origin};
      proxy_cache shared;
      proxy_cache_revalidate on;
      add_header x-nginx $upstream_cache_status always;
    }
  }
}
`;

/** A real nginx as shared cache in front of an origin, until the test ends. */
export async function startNginx(origin: string) {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-of-tests-'));
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, origin));
  const server = spawn(found as string, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (text) => {
    log = `${log}${text}`.slice(-4_000);
  });
  tieToThisProcess(server, folder);
  onTestFinished(async () => {
    await end(server);
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await vi.waitUntil(
    async () => {
      if (server.exitCode !== null) throw new Error(`nginx ended as it started:\n${log}`);
      return fetch(`${url}/nothing`).then(
        () => true,
        () => false,
      );
    },
    { timeout: 5_000, interval: 10 },
  );
  return { ...servedAt(`${url}/trpc`), log: () => log };
}
