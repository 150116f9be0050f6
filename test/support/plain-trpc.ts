import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';

const t = initTRPC.create({ isDev: false });
const router = t.router({
  // Answers what it was sent; a body that tRPC cannot read is an error.
  sent: t.procedure.input((input: unknown) => input ?? null).query(({ input }) => input),
  m: t.procedure.mutation(() => null),
});
const send = (path: string, init?: RequestInit) =>
  fetchRequestHandler({ endpoint: '/', router, allowMethodOverride: true, req: new Request(`http://x/${path}`, init) });

/** What the tRPC that tests run on does by itself, where its releases differ. */
export async function plainTrpc() {
  const emptyBody = await send('sent', { method: 'POST', headers: { 'content-type': 'application/json' } });
  return {
    /** The request headers that every answer varies by, sorted. */
    vary: ((await send('sent')).headers.get('vary') ?? '').split(/, */).sort(),
    /** The `allow` of a 405. */
    allow: (await send('m')).headers.get('allow'),
    /** Whether an empty body is no input, rather than an error. */
    readsEmptyBody: emptyBody.status === 200,
  };
}
