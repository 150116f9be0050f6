// Docs: docs/stores.md#upstash
import type { LookupRequest } from '../store.ts';

/** Collects the lookups of one tick: the calls of a batch come in the same one, some microtasks apart. */
export function inOneTrip<Answer>(
  send: (requests: readonly LookupRequest[]) => Promise<Answer[]>,
): (request: LookupRequest) => Promise<Answer> {
  let open: { requests: LookupRequest[]; answers: Promise<Answer[]> } | undefined;
  const collect = async (requests: LookupRequest[]) => {
    for (let turn = 0; turn < 32; turn++) await undefined;
    open = undefined;
    return send(requests);
  };
  return async (request) => {
    if (open === undefined) {
      const requests: LookupRequest[] = [];
      open = { requests, answers: collect(requests) };
    }
    const { requests, answers } = open;
    const index = requests.push(request) - 1;
    return (await answers)[index] as Answer;
  };
}
