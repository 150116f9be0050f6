import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const include = ['test/**/*.test.ts', ...(process.env.THOROUGH === '1' ? ['test/**/*.thorough.ts'] : [])];
const apart = [
  'test/versions/*.test.ts', // they put other modules in the place of those that are installed
  // They compute for long: code that the compiler has seen used in a thousand ways is half as fast.
  'test/explorer/*.test.ts',
  'test/invariants/*.test.ts',
  'test/laws/law-2-hit-equals-miss.test.ts',
  'test/stores/tiered-properties.test.ts',
  'test/docs/examples.test.ts',
];

export default defineConfig({
  resolve: {
    alias: {
      'trpc-cached/cdn': source('./src/cdn/index.ts'),
      'trpc-cached/client': source('./src/client/index.ts'),
      'trpc-cached/inspector': source('./src/inspector/index.ts'),
      'trpc-cached/keyv': source('./src/stores/kv.ts'),
      'trpc-cached/node': source('./src/node/index.ts'),
      'trpc-cached/opentelemetry': source('./src/opentelemetry/index.ts'),
      'trpc-cached/redis': source('./src/stores/redis.ts'),
      'trpc-cached/testing': source('./src/testing/index.ts'),
      'trpc-cached/upstash': source('./src/stores/upstash.ts'),
      'trpc-cached': source('./src/index.ts'),
    },
  },
  test: {
    setupFiles: ['./test/support/setup.ts'],
    // Clusters and the checker of many processes mostly wait: with a worker for each core these would do nothing meanwhile.
    maxWorkers: availableParallelism() + 1,
    projects: [
      // Loading the library, tRPC and zod anew for each file took longer than the tests.
      { extends: true, test: { name: 'shared', include, exclude: [...apart, '**/node_modules/**'], isolate: false } },
      { extends: true, test: { name: 'apart', include: apart } },
    ],
    // Hooks start servers and processes, as tests do.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default', './test/support/reporter.ts'],
  },
});
