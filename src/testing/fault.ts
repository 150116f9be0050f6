// Docs: docs/testing.md#outages
import { type Duration, timerMs } from '../duration.ts';
import { CacheError, invalid } from '../errors.ts';

/** The operations of a store that can fail. */
export type FaultOperation = 'lookup' | 'fill' | 'advance' | 'lease' | 'release';

/**
 * What happens to one request.
 *
 * - `'drop'`: it never reaches the store, and rejects. `{ reject }` likewise, with an error of yours; `'throw'` throws at once.
 * - `'hang'`: it never reaches the store, and is never answered.
 * - `'lose-reply'`: the store does it, and the caller gets a rejection.
 * - `'twice'`: the store does it two times, as when a client sends it again. The caller gets the second answer.
 * - `{ delay }`: it reaches the store so much later. `{ late }`: it is done at once, and answered so much later.
 * - `'hold'`, `'hold-answer'`: likewise, but when the test releases it.
 * - `{ answer }`: the caller gets what this function makes of the store's answer.
 * - `{ instead }`: it never reaches the store, and the caller gets what this function returns.
 */
export type Fault =
  | 'throw'
  | 'drop'
  | 'hang'
  | 'hold'
  | 'hold-answer'
  | 'lose-reply'
  | 'twice'
  | { readonly reject: unknown }
  | { readonly delay: Duration }
  | { readonly late: Duration }
  | { readonly answer: (whole: any) => unknown }
  | { readonly instead: () => unknown };

const named = ['throw', 'drop', 'hang', 'hold', 'hold-answer', 'lose-reply', 'twice'];
const withValue = ['reject', 'delay', 'late', 'answer', 'instead'];

/** Throws a {@link CacheError} that names what may be written, for anything that is no fault. */
export function checkFault(fault: unknown): asserts fault is Fault {
  if (typeof fault === 'string' && named.includes(fault)) return;
  const keys = typeof fault === 'object' && fault !== null ? Object.keys(fault) : [];
  if (keys.length !== 1 || !withValue.includes(keys[0] as string))
    throw invalid('faults', `one of ${named.join(', ')}, or { ${withValue.join(' | ')} }`, fault);
  const { answer, instead, delay, late } = fault as Record<string, unknown>;
  const made = answer ?? instead;
  if (('answer' in (fault as object) || 'instead' in (fault as object)) && typeof made !== 'function')
    throw invalid(`faults: ${keys[0]}`, 'a function that returns an answer', made);
  if ('delay' in (fault as object)) timerMs(delay, 'faults: delay');
  if ('late' in (fault as object)) timerMs(late, 'faults: late');
}

/** Does what a fault says in place of asking; `hold` waits until a test lets go. */
export function suffer(fault: Fault, ask: () => unknown, hold: () => Promise<void>): unknown {
  if (fault === 'throw') throw failure();
  if (fault === 'drop') return Promise.reject(failure());
  if (fault === 'hang') return new Promise(() => {});
  if (fault === 'hold') return hold().then(ask);
  if (fault === 'hold-answer') return answered(ask, hold);
  if (fault === 'lose-reply') {
    return answered(ask, async () => {
      throw failure();
    });
  }
  if (fault === 'twice') return (async () => ask())().then(ask);
  if ('reject' in fault) return Promise.reject(fault.reject);
  if ('delay' in fault) return pass(fault.delay).then(ask);
  if ('late' in fault) return answered(ask, () => pass(fault.late));
  if ('instead' in fault) return fault.instead();
  return (async () => fault.answer(await ask()))();
}

/** Asks now, and answers when something has been waited for. */
async function answered(ask: () => unknown, wait: () => Promise<void>): Promise<unknown> {
  const answer = (async () => ask())();
  await Promise.all([answer.catch(() => {}), wait()]);
  return answer;
}

const pass = (duration: Duration): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, timerMs(duration, 'faults')));

const failure = () => new CacheError('STORE', 'The store failed, because faultStore was told so.');
