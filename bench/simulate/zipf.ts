import type { Random } from './random.ts';

/** The share of requests for each rank, the most popular first: 1 / rank^alpha, together 1. */
export function zipfShares(keys: number, alpha: number): Float64Array {
  const shares = Float64Array.from({ length: keys }, (_, rank) => (rank + 1) ** -alpha);
  const sum = shares.reduce((all, share) => all + share, 0);
  return shares.map((share) => share / sum);
}

/** Draws ranks in constant time, exactly as the shares say (the alias method: Walker 1977, Vose 1991). */
export function createSampler(shares: Float64Array): (random: Random) => number {
  const size = shares.length;
  const keep = shares.map((share) => share * size);
  const alias = new Uint32Array(size);
  const small: number[] = [];
  const large: number[] = [];
  keep.forEach((share, rank) => void (share < 1 ? small : large).push(rank));
  while (small.length > 0 && large.length > 0) {
    const less = small.pop() as number;
    const more = large[large.length - 1] as number;
    alias[less] = more;
    keep[more] = (keep[more] as number) - (1 - (keep[less] as number));
    if ((keep[more] as number) < 1) small.push(large.pop() as number);
  }
  for (const rank of [...small, ...large]) keep[rank] = 1; // what rounding left over
  return (random) => {
    const place = random() * size;
    const rank = Math.floor(place);
    return place - rank < (keep[rank] as number) ? rank : (alias[rank] as number);
  };
}
