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
  const [server, fetch, standalone, library, response, etags, plain] = await Promise.all([
    import('@trpc/server'),
    import('@trpc/server/adapters/fetch'),
    import('@trpc/server/adapters/standalone'),
    import('../../src/index.ts'),
    import('../../src/trpc/response.ts'),
    import('../support/etags.ts'),
    import('../support/plain-trpc.ts'),
  ]);
  return { server, fetch, standalone, library, response, etags, plain };
}
