/** Values from nothing to hours, each kept to one percent. */
export interface Histogram {
  readonly add: (value: number) => void;
  /** The value that this share of all is at most; 0 where there is none. */
  readonly quantile: (share: number) => number;
}

const growth = Math.log(1.01);
const smallest = 0.01;

/** Buckets that grow by one percent each; the first one is for all below a hundredth. */
export function createHistogram(): Histogram {
  const buckets = new Float64Array(2_500);
  let count = 0;
  return {
    add(value) {
      const at = value < smallest ? 0 : 1 + Math.floor(Math.log(value / smallest) / growth);
      const bucket = Math.min(at, buckets.length - 1);
      buckets[bucket] = (buckets[bucket] as number) + 1;
      count += 1;
    },
    quantile(share) {
      let left = share * count;
      for (let at = 0; at < buckets.length; at++) {
        left -= buckets[at] as number;
        if (left <= 0 && count > 0) return at === 0 ? 0 : smallest * Math.exp((at - 0.5) * growth);
      }
      return 0;
    },
  };
}
