// Docs: docs/testing.md#the-contract
/** Whole numbers below `below`, the same ones for the same seed: what failed once fails again. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // xorshift: three shifts walk through every state but zero.
    state ||= 0x9e3779b9;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
