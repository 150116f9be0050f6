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
  console.log(`Starting PostgreSQL (PGlite). The cache is in ${storeName}.`);
  const database = await openDatabase(showProgress());
  await cache.clear(); // the data begins anew, and so must a cache that outlived the last run
  const server = await startServer(worldInPostgres(database), port);
  console.log(`Ready after ${formatMs(performance.now() - begin)} at ${server.url}. Calling it as its users would:\n`);

  const report = await takeTour(`${server.url}/trpc`, database);
  console.log(`${report}\n`);

  return {
    url: server.url,
    ok: report.ok,
    async close() {
      await server.close();
      await cache.close();
      await database.close();
    },
  };
}
