import pc from 'picocolors';

const usage = `Usage: npm start -- [--once]

Loads the cities of the world into a PostgreSQL, serves a cached tRPC API over them at http://localhost:3000, drives it
once, prints what came back, and stays up.

  npm start -- --once   ends after that; exit code 1 if an answer was not as expected
  PORT=8080 npm start   serves at another port; 0 is any that is free

UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN keep the cache in Upstash.
`;

const given = process.argv.slice(2);
if (given.includes('--help') || given.includes('-h')) {
  process.stdout.write(usage);
  process.exit();
}
const endsAfterTour = given.includes('--once');
const port = Number(process.env.PORT ?? (endsAfterTour ? 0 : 3000)); // 0: any free port

try {
  const unknown = given.find((one) => one !== '--once');
  if (unknown !== undefined) throw new Error(`${unknown} means nothing here. --help says what does.`);
  if (!Number.isInteger(port)) throw new Error(`PORT must be a number, not ${process.env.PORT}.`);
  const { startApp } = await import('./app.ts'); // here, so that a mistake in the environment is explained below too
  const app = await startApp(port);
  if (!app.ok) process.exitCode = 1;
  if (!endsAfterTour) {
    console.log(`Open ${pc.bold(app.url)} and see it from two sides (Ctrl+C ends it). Or:`);
    console.log(`  ${app.url}/cache    what the cache does, live`);
    console.log(`  curl -i ${app.url}/trpc/country.statistics`);
    await new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve)); // not `once`: npm may repeat them
  }
  await app.close();
} catch (error) {
  console.error(pc.red(explain(error)));
  process.exit(1);
}

function explain(error: unknown) {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `Port ${port} is in use. Choose another one: PORT=${port + 1} npm start`;
  }
  return error.message;
}
