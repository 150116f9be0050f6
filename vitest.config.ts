import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      'trpc-cached/cdn': source('./src/cdn/index.ts'),
      'trpc-cached/client': source('./src/client/index.ts'),
      'trpc-cached/redis': source('./src/stores/redis.ts'),
      'trpc-cached/upstash': source('./src/stores/upstash.ts'),
      'trpc-cached': source('./src/index.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [],
    // The checker of many processes mostly waits: by default one core of two would do nothing.
    maxWorkers: '100%',
    testTimeout: 20_000,
    reporters: ['default', './test/support/reporter.ts'],
  },
});
