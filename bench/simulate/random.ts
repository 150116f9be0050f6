/** Draws the next number from 0 to below 1. */
export type Random = () => number;

/** One well-mixed 32-bit number of another (the finalizer of MurmurHash3, as in splitmix). */
export function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** A stream that repeats exactly: xoshiro128** (Blackman and Vigna, 2018), its state filled from the seed. */
export function createRandom(seed: number): Random {
  let a = mix(seed);
  let b = mix(a);
  let c = mix(b);
  let d = mix(c) | 1; // never all zero
  return () => {
    const times5 = Math.imul(b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result / 0x1_0000_0000;
  };
}

/** Waiting times of a Poisson process. */
export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random());

/** Delays of networks and databases: most near the median, few much longer. */
export function lognormal(random: Random, median: number, sigma: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random())); // Box and Muller, 1958
  return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * random()));
}

/** The quantile of a generalized Pareto distribution that begins at zero. */
export const pareto = (u: number, scale: number, shape: number): number => (scale / shape) * ((1 - u) ** -shape - 1);

/** The same number from 0 to below 1 for the same key, whoever asks: for what a key has for life, such as its size. */
export const ofKey = (key: number, salt: number): number => mix(mix(key) ^ salt) / 0x1_0000_0000;
