import { cache, storeName } from './cache.ts';
import { openDatabase } from './database.ts';
import { showProgress } from './progress.ts';
import { formatMs } from './report.ts';
import { startServer } from './server.ts';
import { takeTour } from './tour.ts';
import { worldInPostgres } from './world-in-postgres.ts';

/** Loads the data, serves the API and drives it once. */
export async function startApp(port: number) {
  const begin = performance.now();
  const server = await startServer(async () => {
    console.log(`Starting PostgreSQL (PGlite). The cache is in ${storeName}.`);
    const database = await openDatabase(showProgress());
    await cache.clear(); // the data begins anew, and so must a cache that outlived the last run
    return worldInPostgres(database);
  }, port);
  const { url, world } = server;
  console.log(`Ready after ${formatMs(performance.now() - begin)} at ${url}. Calling it as its users would:\n`);

  const report = await takeTour(`${url}/trpc`, world);
  console.log(`${report}\n`);

  return {
    url,
    ok: report.ok,
    async close() {
      await server.close();
      await cache.close();
      await world.close();
    },
  };
}
