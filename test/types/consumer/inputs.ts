// Compiled where test/parts/versions is installed, never run: the types of inputs behind each library of parsers.
import { initTRPC } from '@trpc/server';
import { type } from 'arktype';
import { createCache } from 'trpc-cached';
import * as v from 'valibot';
import { z as z4 } from 'zod';
import { z as z3 } from 'zod-3';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_proof?: T): boolean => true;
type Parsed = { id: number; length: number };

const t = initTRPC.create();
const { cached, invalidates, ...cache } = createCache({ scope: 'public' });

const tags = ({ input }: { input: Parsed }) => [`post:${input.id}`];
const router = t.router({
  zod3: t.procedure
    .input(z3.object({ id: z3.coerce.number(), length: z3.number().default(10) }))
    .use(cached({ ttl: '1m', tags, when: ({ input }) => is<Equal<typeof input, Parsed>>() }))
    .query(({ input }) => input.id),
  zod4: t.procedure
    .input(z4.object({ id: z4.coerce.number<number>(), length: z4.number().default(10) }))
    .use(cached({ ttl: '1m', tags, when: ({ input }) => is<Equal<typeof input, Parsed>>() }))
    .query(({ input }) => input.id),
  valibot: t.procedure
    .input(
      v.object({
        id: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)),
        length: v.optional(v.number(), 10),
      }),
    )
    .use(cached({ ttl: '1m', tags, when: ({ input }) => is<Equal<typeof input, Parsed>>() }))
    .query(({ input }) => input.id),
  arktype: t.procedure
    .input(type({ id: 'string.numeric.parse | number', length: 'number = 10' }))
    .use(cached({ ttl: '1m', tags, when: ({ input }) => is<Equal<typeof input, Parsed>>() }))
    .query(({ input }) => input.id),
  drop: t.procedure
    .input(v.object({ id: v.number() }))
    .use(invalidates(({ input }) => ({ path: 'zod3', input: { id: input.id } })))
    .mutation(() => null),
});

const typed = cache.for<typeof router>();
for (const path of ['zod3', 'zod4', 'valibot', 'arktype'] as const) typed.invalidate({ path, input: { id: 1 } });
typed.invalidate({ path: 'valibot', input: { id: '1' } }, { path: 'arktype', input: { id: '1', length: 2 } });
// @ts-expect-error another input
typed.invalidate({ path: 'zod4', input: { id: '1' } });
// @ts-expect-error another input
typed.invalidate({ path: 'valibot', input: { id: true } });
// @ts-expect-error another input
typed.invalidate({ path: 'arktype', input: { id: 1, length: 'x' } });
