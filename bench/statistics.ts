/** What many measurements of one thing say: the middle one, and an interval that holds the true middle nine times of ten. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const sorted = (values: readonly number[]): number[] => {
  if (values.length === 0) throw new RangeError('statistics of nothing: at least one value is needed');
  return [...values].sort((one, other) => one - other);
};

/** The middle of values; between two of them, the mean of these two. */
export function median(values: readonly number[]): number {
  const ordered = sorted(values);
  const middle = (ordered.length - 1) / 2;
  return ((ordered[Math.floor(middle)] as number) + (ordered[Math.ceil(middle)] as number)) / 2;
}

/**
 * The median with its confidence interval from order statistics: it assumes nothing about how the noise is distributed. Of
 * five values it is the lowest and the highest (94 %), of more it leaves the outermost out.
 */
export function spread(values: readonly number[]): Spread {
  const ordered = sorted(values);
  const { length } = ordered;
  const left = Math.max(0, Math.floor(length / 2 - 0.98 * Math.sqrt(length)));
  return {
    median: median(ordered),
    low: ordered[left] as number,
    high: ordered[length - 1 - left] as number,
  };
}

/** A spread seen the other way round: "0.1 of the time" is "10 times faster". */
export const inverse = ({ median, low, high }: Spread): Spread => ({
  median: 1 / median,
  low: 1 / high,
  high: 1 / low,
});

/** What two subjects measured in the same rounds say about each other, round by round. */
export function paired(
  subject: readonly number[],
  baseline: readonly number[],
  compare: (one: number, other: number) => number,
): number[] {
  if (subject.length !== baseline.length)
    throw new RangeError(`pairs of ${subject.length} and ${baseline.length} rounds: they must be measured together`);
  return subject.map((value, round) => compare(value, baseline[round] as number));
}

/** A point of a line. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The slope of a line through points, as the median of all pairs (Theil, Sen): single outliers do not turn it. */
export function slope(points: readonly Point[]): number {
  const slopes = points.flatMap(({ x, y }, index) =>
    points.slice(index + 1).flatMap((other) => (other.x === x ? [] : [(other.y - y) / (other.x - x)])),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}
