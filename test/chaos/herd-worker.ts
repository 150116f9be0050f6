// One process of the herd: asks for one key many times at once, and tells how often its procedure ran.
import { setTimeout as sleep } from 'node:timers/promises';
import { initTRPC } from '@trpc/server';
import { createCache } from '../../src/index.ts';
import type { HerdOrder, HerdRole } from './herd.ts';
import { openStore } from './stores.ts';

process.on('disconnect', () => process.exit());

const role = JSON.parse(process.argv[2]!) as HerdRole;
const store = await openStore(role);
const t = initTRPC.create();

const callerOf = (coalesce: 'process' | 'store') => {
  const cache = createCache({
    store,
    namespace: `herd-${coalesce}`,
    scope: 'public',
    coalesce,
    // It is about who runs: a machine that is busy must not look like a store that is late.
    timeouts: { read: '20s', lease: '3s', join: '60s' },
  });
  const byKey = t.procedure.input((sent) => sent as { key: string }).use(cache.cached('1h'));
  const slow = byKey.query(async ({ input }) => {
    process.send?.({ running: true });
    await sleep(500);
    return input.key;
  });
  return cache.register(t.router({ slow, warm: t.procedure.use(cache.cached('1h')).query(() => 1) })).createCaller({});
};
const callers = { process: callerOf('process'), store: callerOf('store') };

process.on('message', async ({ coalesce, key, calls }: HerdOrder) => {
  const answers = await Promise.allSettled(Array.from({ length: calls }, () => callers[coalesce].slow({ key })));
  const right = answers.filter((answer) => answer.status === 'fulfilled' && answer.value === key);
  process.send?.({ answered: right.length });
});

await callers.store.warm(); // the connection is up
process.send?.({ ready: true });
