// Docs: docs/safety-nets.md#verify
import type { Call, Core, Verifier } from './call.ts';
import type { Codec } from './codec.ts';
import { type CtxSums, differingKeys, sumsOf } from './ctx-sums.ts';
import { late, within } from './deadline.ts';
import type { Entry } from './entry.ts';
import { canonical } from './key.ts';
import { lookUp, wantedOf } from './lookup.ts';
import { watchCtx } from './watched-ctx.ts';

const mostFills = 1_000;
const mostAtOnce = 4;

/** The verifier of one cache. It stores and serves nothing: what it computes is only compared. */
export function createVerifier(): Verifier {
  /** By the key of the entry: which fill, and a sum for each member of its context. */
  const fills = new Map<string, { readonly storedAt: number; readonly sums: CtxSums }>();
  const running = new Set<string>();

  return {
    filled({ policy, opts }, { key, storedAt }) {
      if (policy.verify === 0) return;
      fills.delete(key);
      const sums = sumsOf(opts.ctx);
      if (sums !== undefined) fills.set(key, { storedAt, sums });
      if (fills.size > mostFills) for (const [oldest] of fills) return void fills.delete(oldest);
    },
    served(call, entry, core) {
      const { verify } = call.policy;
      if (entry.failure !== undefined || entry.stream === true || Math.random() >= verify) return;
      if (running.size >= mostAtOnce || running.has(entry.key)) return;
      running.add(entry.key);
      const { path, ctx } = call.opts;
      const filler = fills.get(entry.key);
      const sums = filler?.storedAt === entry.storedAt ? filler.sums : undefined;
      const ageMs = Date.now() - entry.storedAt;
      const work = compare(call, entry, core)
        .then((reads) => {
          if (reads === undefined) return;
          const keys = call.showsCtx === true ? differingKeys(reads, sums, sumsOf(ctx)) : undefined;
          core.emitter.emit('mismatch', { path, ageMs, ...(keys && { keys }) });
        })
        .catch((error: unknown) => core.emitter.emit('error', { operation: 'verify', error }))
        .finally(() => running.delete(entry.key));
      core.background(work, ctx);
    },
  };
}

/** What the procedure read of its context, if it gives something else than what was served, and that would still be served. */
async function compare<R>(call: Call<R>, entry: Entry, core: Core): Promise<ReadonlySet<string> | undefined> {
  const deadline = new AbortController();
  const { revalidateMs } = core.timeouts;
  const reads = new Set<string>();
  const behind = call.behind(
    deadline.signal,
    watchCtx(call.opts.ctx, (name) => reads.add(name)),
  );
  const ran = await within(
    core.runs.run(call.opts.path, () => behind.run()),
    revalidateMs,
  );
  if (ran === late) {
    const error = new Error(`the verification took longer than ${revalidateMs} ms`);
    deadline.abort(error);
    throw error;
  }
  if (!ran.ok) throw ran.failure.error;
  const { noStore, veto } = behind.wishes;
  if (noStore || veto !== undefined || isSameAnswer(entry, ran.data, call.codec)) return undefined;
  const exact = wantedOf({ ...call.wanted, exact: true });
  const now = await lookUp(exact, core.storeFor(call.opts.ctx), core.lookups);
  return now?.entry?.storedAt === entry.storedAt ? reads : undefined;
}

/** Whether two answers say the same; the order of an object's members says nothing. */
function isSameAnswer({ body }: Entry, data: unknown, codec: Codec): boolean {
  const { encoded } = codec.encode(data);
  if (encoded.text === body.text) return true;
  try {
    return canonical(codec.decode(encoded)) === canonical(codec.decode(body));
  } catch {
    return false; // no canonical text: then its encoded one decides
  }
}
