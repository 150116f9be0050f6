/** The time of a simulation, in milliseconds, and what is to happen in it. */
export interface Clock {
  readonly now: number;
  /** Does something that much later; of one moment, what was planned first comes first. */
  readonly in: (ms: number, work: () => void) => void;
  /** Does all that is planned until then, in order. */
  readonly runUntil: (end: number) => void;
}

/** A clock that jumps from event to event: a binary heap of times, ties in the order they were planned in. */
export function createClock(): Clock {
  let times = new Float64Array(1024);
  let orders = new Float64Array(1024);
  const works: (() => void)[] = [];
  let size = 0;
  let order = 0;

  function isBefore(time: number, place: number, at: number): boolean {
    const other = times[at] as number;
    return time < other || (time === other && place < (orders[at] as number));
  }

  function put(at: number, time: number, place: number, work: () => void): void {
    times[at] = time;
    orders[at] = place;
    works[at] = work;
  }

  function copy(from: number, to: number): void {
    put(to, times[from] as number, orders[from] as number, works[from] as () => void);
  }

  function grow(): void {
    const [before, placed] = [times, orders];
    times = new Float64Array(size * 2);
    orders = new Float64Array(size * 2);
    times.set(before);
    orders.set(placed);
  }

  function plan(time: number, work: () => void): void {
    if (size === times.length) grow();
    const place = order++;
    let at = size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(time, place, parent)) break;
      copy(parent, at);
      at = parent;
    }
    put(at, time, place, work);
  }

  function take(): () => void {
    const first = works[0] as () => void;
    const last = --size;
    const [time, place, work] = [times[last] as number, orders[last] as number, works.pop() as () => void];
    if (last === 0) return first;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      const right = child + 1;
      if (right < last && isBefore(times[right] as number, orders[right] as number, child)) child = right;
      if (isBefore(time, place, child)) break;
      copy(child, at);
      at = child;
    }
    put(at, time, place, work);
    return first;
  }

  const clock = {
    now: 0,
    in: (ms: number, work: () => void) => plan(clock.now + ms, work),
    runUntil(end: number) {
      while (size > 0 && (times[0] as number) <= end) {
        clock.now = times[0] as number;
        take()();
      }
    },
  };
  return clock;
}
