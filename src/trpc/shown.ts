// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md
import { outputOf } from '../entry.ts';
import { Lent } from '../lent.ts';
import type { Calls } from './calls.ts';
import type { MetaOpts } from './exchange.ts';
import { Loan } from './loan.ts';

/** Calls the user's `responseMeta`, which may look at outputs: it finds each as its middlewares would. */
export function showing<Meta>(meta: MetaOpts, calls: Calls, show: () => Meta): Meta {
  const ends: (() => void)[] = [];
  meta.info?.calls.forEach(({ getRawInput }, index) => {
    const outcome = calls.find(getRawInput)?.outcome;
    const holder = meta.data[index]?.result;
    const { returned: lent, entry, codec, policy } = outcome ?? {};
    if (!(lent instanceof Lent) || holder === undefined || holder.data !== lent.value || outcome === undefined) return;
    if (entry === undefined || codec === undefined || policy === undefined) return;
    const loan = new Loan(holder, lent, () => outputOf(entry, codec, policy.share));
    ends.push(() => {
      const isUntaken = loan.isUntaken(holder);
      outcome.returned = loan.settle(holder);
      if (isUntaken) Object.defineProperty(holder, 'data', { value: lent.value, writable: true, enumerable: true });
    });
  });
  const shown = show();
  for (const end of ends) end();
  return shown;
}
