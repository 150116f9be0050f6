/** What the tests of one release use: its modules, and the library as it runs on them. */
export interface Parts {
  readonly server: typeof import('@trpc/server');
  readonly fetch: typeof import('@trpc/server/adapters/fetch');
  readonly standalone: typeof import('@trpc/server/adapters/standalone');
  readonly library: typeof import('../../src/index.ts');
  readonly response: typeof import('../../src/trpc/response.ts');
  readonly etags: typeof import('../support/etags.ts');
  readonly plain: typeof import('../support/plain-trpc.ts');
}

/** Imports them; within `importing` those of a release. */
export async function importParts(): Promise<Parts> {
  // One after the other, for the same reason as in `importing`.
  const server = await import('@trpc/server');
  const fetch = await import('@trpc/server/adapters/fetch');
  const standalone = await import('@trpc/server/adapters/standalone');
  const library = await import('../../src/index.ts');
  const response = await import('../../src/trpc/response.ts');
  const etags = await import('../support/etags.ts');
  const plain = await import('../support/plain-trpc.ts');
  return { server, fetch, standalone, library, response, etags, plain };
}
