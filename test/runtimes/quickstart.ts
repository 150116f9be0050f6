import { mkdir, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { blocksOf } from '../docs/pages.ts';
import { type Built, forWorkers } from './build.ts';
import { type Instance, startProcess } from './instance.ts';
import type { Row } from './rows.ts';
import { workerOf } from './workerd.ts';

// How a server of node:http is put on Workers.
const entry = `import { httpServerHandler } from 'cloudflare:node';
import { server } from './quickstart.ts';
server.listen(3000);
export default httpServerHandler({ port: 3000 });
`;

/** The first example of the README, as it stands there, with the built package in workerd. */
export async function startQuickstart({ program, date }: Row, built: Built): Promise<Instance> {
  const folder = `${built.folder}/quickstart`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/quickstart.ts`, blocksOf('README.md')[0]?.code ?? '');
  await writeFile(`${folder}/entry.ts`, entry);
  await build({
    ...forWorkers,
    entryPoints: [`${folder}/entry.ts`],
    outfile: `${folder}/worker.js`,
    external: ['cloudflare:node', 'node:*', 'http'],
    logLevel: 'error',
  });
  const config = `${folder}/worker.capnp`;
  await writeFile(config, workerOf({ date: date as string, flags: ['nodejs_compat'] }));
  return startProcess(program as string, ['serve', config, '--control-fd=3'], 3);
}
