// Docs: docs/cli.md#doctor
import type { Entry } from '../entry.ts';
import { epochNames } from '../epochs.ts';
import type { Connection } from './connection.ts';
import { type Finding, found } from './finding.ts';
import { type Io, unlessInterrupted } from './io.ts';
import { createProgress } from './progress.ts';
import { doctorKey } from './scanned.ts';

const rounds = 100;
const readMs = 250; // the default of timeouts.read

/** How long lookups take: the very script of the store, for a key that is not there. Plants nothing. */
export async function checkLatency({ store }: Connection, namespace: string, io: Io): Promise<Finding> {
  const say = found('latency');
  const key = doctorKey(namespace, '#doctor');
  const bar = createProgress(io, 'Measuring', rounds);
  const times: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      await unlessInterrupted(io, Promise.resolve(store.lookup({ key, epochs: [], keepMs: 1_000 })));
      times.push(performance.now() - began);
      bar.at(round + 1);
    }
  } finally {
    bar.end();
  }
  times.shift(); // the first one brings the script
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)] ?? 0;
  const [half, most] = [at(0.5), at(0.99)];
  const message = `lookups from here: p50 ${half.toFixed(1)} ms, p99 ${most.toFixed(1)} ms`;
  if (half >= readMs)
    return say(
      'error',
      `${message}: over timeouts.read (${readMs} ms by default), so most calls are bypasses`,
      'Use a store near the application.',
    );
  if (most >= readMs)
    return say(
      'warning',
      `${message}: some calls are over timeouts.read (${readMs} ms by default), and so bypasses`,
      'Use a store near the application, or raise timeouts.read.',
    );
  return say('ok', message);
}

/**
 * The promise itself, on one entry of its own that is deleted afterwards: what was filled is found, what was invalidated is not
 * served, and no fill from before comes through.
 */
export async function checkPromise(
  { store, remove }: Connection,
  namespace: string,
  hashKeys: boolean,
): Promise<Finding> {
  const say = found('invalidation');
  const mark = `doctor-${crypto.randomUUID()}`;
  const names = epochNames(namespace, hashKeys);
  const epoch = names.tag(mark); // one that goes by itself, if nobody deletes it
  const key = doctorKey(namespace, `#${mark}`);
  const keepMs = 60_000;
  const request = { key, epochs: [epoch], keepMs };
  try {
    const { ids } = await store.lookup(request);
    const [id] = ids;
    if (id === undefined)
      return say(
        'error',
        'the store plants no epochs: every call is a bypass',
        'Is memory full, or may this user not write?',
      );
    const now = Date.now();
    const entry: Entry = {
      key,
      epochs: [epoch],
      ids: [id],
      storedAt: now,
      freshUntil: now + keepMs,
      body: { text: '"doctor"' },
    };
    const filled = await store.fill({ entry, unchanged: [[epoch, id]], keepMs });
    const before = await store.lookup(request);
    if (filled !== 'stored' || before.entry?.body.text !== entry.body.text || before.own[0] !== id)
      return say(
        'error',
        `what was stored is not found again (${filled}): every call is a miss`,
        'Is there another proxy or replica in between?',
      );
    await store.advance([epoch]);
    const after = await store.lookup(request);
    if (after.entry !== undefined && after.own[0] === id)
      return say(
        'error',
        'an entry is served after its invalidation was confirmed',
        'Reads come from a replica: give the address of the primary.',
      );
    const late = await store.fill({ entry, unchanged: [[epoch, id]], keepMs });
    if (late === 'stored')
      return say(
        'error',
        'a fill from before an invalidation is stored after it',
        'The server does not run the scripts as Redis does.',
      );
    return say('ok', 'scripts run; what was invalidated is not served, and not stored late');
  } finally {
    await remove(key, [epoch]).catch(() => {});
  }
}

/** Whether the namespace was ever used here: a typo finds nothing, and invalidates nothing. */
export async function checkNamespace(
  { command, isCluster }: Connection,
  namespace: string,
): Promise<readonly Finding[]> {
  if (isCluster) return [];
  const there = await command('EXISTS', epochNames(namespace, false).namespace);
  const say = found('namespace');
  return [
    Number(there) === 1
      ? say('ok', `${namespace} is in use`)
      : say('info', `nothing was ever cached under ${namespace} here, or it was evicted. Is the name right?`),
  ];
}
