import { afterAll, describe, expect, test } from 'vitest';
import { z as z4 } from 'zod';
import { importParts } from './parts.ts';
import { endImporting, importing, isInstalled, load, releases } from './releases.ts';

/** The same input by each library: a text or number as `id`, `length` with a default, `sort` in lower case. */
const parsers: readonly { readonly name: string; readonly make: () => Promise<any> }[] = [
  {
    name: 'zod 4',
    make: async () =>
      z4.object({
        id: z4.coerce.number(),
        length: z4.number().default(10),
        sort: z4.string().toLowerCase().optional(),
      }),
  },
  {
    name: 'zod 3',
    make: async () => {
      const { z } = await load<{ z: any }>('zod-3');
      return z.object({
        id: z.coerce.number(),
        length: z.number().default(10),
        sort: z.string().toLowerCase().optional(),
      });
    },
  },
  {
    name: 'valibot',
    make: async () => {
      const v = await load<any>('valibot');
      return v.object({
        id: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)),
        length: v.optional(v.number(), 10),
        sort: v.optional(v.pipe(v.string(), v.toLowerCase())),
      });
    },
  },
  {
    name: 'arktype',
    make: async () => {
      const { type } = await load<any>('arktype');
      return type({ id: 'string.numeric.parse | number', length: 'number = 10', 'sort?': 'string.lower | undefined' });
    },
  },
];

const ends = [releases[0]!, releases.at(-1)!];

afterAll(endImporting);

describe.each(isInstalled ? parsers : parsers.slice(0, 1))('inputs by $name', ({ make }) => {
  describe.each(isInstalled ? ends : ends.slice(0, 1))('on tRPC $version', async (release) => {
    const { server, library } = await importing(release, importParts);
    async function open(order: 'behind' | 'before') {
      const t = server.initTRPC.create();
      const cache = library.createCache({ scope: 'public' });
      const parser = await make();
      const seen: unknown[] = [];
      const cached = cache.cached({ ttl: '1m', tags: ({ input }: any) => [`post:${input?.id}`] });
      const procedure =
        order === 'behind' ? t.procedure.input(parser).use(cached) : t.procedure.use(cached).input(parser);
      const router = cache.register(
        t.router({
          byId: (procedure as any).query(({ input }: any) => {
            seen.push(input);
            return { ...input, at: new Date(0) };
          }),
          drop: t.procedure
            .input(parser)
            .use(cache.invalidates(({ input }: any) => ({ path: 'byId', input: { id: input.id } })))
            .mutation(() => null),
          dropTag: t.procedure
            .input(parser)
            .use(cache.invalidates(({ input }: any) => ({ tag: `post:${input.id}` })))
            .mutation(() => null),
        }) as any,
      );
      const caller = t.createCallerFactory(router as any)({}) as any;
      /** Whether a query was answered without running. */
      const isHit = async (input: unknown) => {
        const before = seen.length;
        const answer = await caller.byId(input);
        expect(answer.at).toEqual(new Date(0));
        return seen.length === before;
      };
      return { cache, router, caller, seen, isHit };
    }

    test('behind the parser: equal once parsed is one entry, and everything else is another', async () => {
      const { isHit, seen } = await open('behind');
      expect(await isHit({ id: '1' })).toBe(false);
      for (const same of [{ id: 1 }, { id: '1', length: 10 }, { length: 10, id: 1 }, { id: 1, sort: undefined }])
        expect(await isHit(same), JSON.stringify(same)).toBe(true);
      expect(await isHit({ id: 1, sort: 'ASC' })).toBe(false);
      expect(await isHit({ id: '1', sort: 'asc' })).toBe(true);
      expect(await isHit({ id: 1, length: 11 })).toBe(false);
      expect(seen).toEqual([
        { id: 1, length: 10 },
        { id: 1, length: 10, sort: 'asc' },
        { id: 1, length: 11 },
      ]);
    });

    test('before the parser: equal as sent is one entry, and the resolver still gets what was parsed', async () => {
      const { isHit, seen } = await open('before');
      expect(await isHit({ id: '1' })).toBe(false);
      expect(await isHit({ id: '1' })).toBe(true);
      expect(await isHit({ id: 1 })).toBe(false);
      expect(seen).toEqual([
        { id: 1, length: 10 },
        { id: 1, length: 10 },
      ]);
    });

    test.each(['behind', 'before'] as const)(
      'cached %s the parser: a target ends all ways of writing its input, and no other',
      async (order) => {
        const { caller, isHit, cache } = await open(order);
        const ways = [{ id: '1' }, { id: 1 }, { id: 1, length: 10 }];
        const others = [{ id: 2 }, { id: 1, length: 11 }];
        const fill = async () => {
          for (const input of [...ways, ...others]) await isHit(input);
        };
        const expectGone = async () => {
          for (const other of others) expect(await isHit(other), JSON.stringify(other)).toBe(true);
          // Behind the parser all ways are one entry, which the first of them fills again.
          for (const [index, way] of ways.entries())
            expect(await isHit(way), JSON.stringify(way)).toBe(order === 'behind' && index > 0);
        };
        await fill();
        await caller.drop({ id: '1' });
        await expectGone();
        await cache.invalidate({ path: 'byId', input: { id: '1' } });
        await expectGone();
        await cache.invalidate({ path: 'byId', input: { id: 1, length: 10 } });
        await expectGone();
      },
    );

    test('tags are made of what was parsed', async () => {
      const { caller, isHit } = await open('behind');
      await isHit({ id: '1', length: 3 });
      await isHit({ id: 2 });
      await caller.dropTag({ id: '1' });
      expect(await isHit({ id: 1, length: 3 })).toBe(false);
      expect(await isHit({ id: 2 })).toBe(true);
    });

    test('an input that is refused is refused on a hit, too, and nothing is kept of it', async () => {
      const { caller, isHit, seen, cache, router } = await open('behind');
      await isHit({ id: 1 });
      for (const wrong of [{}, { id: 1, length: 'long' }, undefined])
        await expect(caller.byId(wrong)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      expect(await isHit({ id: 1 })).toBe(true);
      expect(seen.length).toBe(1);
      expect(await cache.audit(router as any)).toEqual([]);
    });
  });
});
