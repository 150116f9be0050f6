import type { Budget } from './budgets.ts';
import { figureIn, groupIn, type Results } from './results.ts';
import { inverse, type Spread } from './statistics.ts';

/** How a budget was kept. `near`: missed, by no more than the noise. */
export type Standing = 'met' | 'near' | 'missed' | 'not measured';

/** A budget with what was measured of it. */
export interface Verdict {
  readonly budget: Budget;
  readonly measured: Spread | undefined;
  readonly standing: Standing;
}

/** Whether a check fails. A budget without a figure, though its part was measured, guards nothing: it is a mistake. */
export const isFailure = ({ standing }: Verdict): boolean => standing === 'missed' || standing === 'not measured';

/** What figures say of budgets. */
export const verdicts = (budgets: readonly Budget[], results: Results): Verdict[] =>
  budgets.map((budget) => {
    const measured = measuredOf(budget, results);
    return { budget, measured, standing: measured === undefined ? 'not measured' : standingOf(budget, measured) };
  });

function measuredOf(budget: Budget, results: Results): Spread | undefined {
  const group = groupIn(results, budget.part, budget.group);
  if (budget.baseline === undefined) return figureIn(group, budget.subject);
  const comparison = group?.comparisons.find(
    ({ subject, baseline }) => subject === budget.subject && baseline === budget.baseline,
  );
  return comparison && budget.direction === 'at least' ? inverse(comparison) : comparison;
}

/** The noise is what was seen of it, or what has to be reckoned with: whichever is more. */
export function standingOf({ limit, direction, noise }: Budget, { median, low, high }: Spread): Standing {
  const [excess, seen] = direction === 'at most' ? [median - limit, median - low] : [limit - median, high - median];
  if (excess <= 0) return 'met';
  return excess <= Math.max(seen, noise * limit) ? 'near' : 'missed';
}
