import { describe, expect, test } from 'vitest';
import { inOrder, measure, type Plan, type Subject } from '../../bench/measure.ts';

/** Subjects whose work is to move a clock on, and the record of what ran. */
function world(plan: Partial<Plan> = {}) {
  let now = 0;
  const ran: string[] = [];
  const subject = (name: string, ms: number, more: Partial<Subject> = {}): Subject => ({
    name,
    run() {
      ran.push(name);
      now += ms;
    },
    ...more,
  });
  return {
    ran,
    subject,
    pass: (ms: number) => {
      now += ms;
    },
    plan: {
      rounds: 4,
      warmRounds: 1,
      batchMs: 20,
      now: () => now,
      collect: () => {},
      ...plan,
    },
  };
}

describe('measuring', () => {
  test('gives microseconds per call, one figure for each round', async () => {
    const { subject, plan } = world();
    const rounds = await measure([subject('quick', 1 / 128), subject('slow', 3)], plan);
    expect(rounds.get('slow')).toEqual([3_000, 3_000, 3_000, 3_000]);
    expect(rounds.get('quick')).toEqual([7.8125, 7.8125, 7.8125, 7.8125]);
  });

  test('a run that makes many calls counts for each of them', async () => {
    const { subject, plan } = world();
    const rounds = await measure([subject('herd', 50, { calls: 10_000 })], plan);
    for (const figure of rounds.get('herd') ?? []) expect(figure).toBeCloseTo(5, 6);
  });

  test('batches are as long as they should be, and never empty', async () => {
    const { subject, plan, ran } = world({ rounds: 1, warmRounds: 2 });
    await measure([subject('one', 1), subject('long', 500)], plan);
    const last = ran.lastIndexOf('long');
    expect(ran.slice(last + 1)).toEqual([]);
    expect(ran.slice(last - 20, last)).toEqual(Array.from({ length: 20 }, () => 'one'));
  });

  test('batches grow while code gets faster, and stay as they are when it counts', async () => {
    const { plan } = world({ rounds: 3, warmRounds: 3 });
    let [calls, ms] = [0, 0];
    const reads: number[] = [];
    const warming: Subject = {
      name: 'warming',
      run() {
        calls += 1;
        ms += calls < 8 ? 5 : 1;
      },
    };
    const now = () => {
      reads.push(calls);
      return ms;
    };
    await measure([warming], { ...plan, now });
    // The clock is read at both ends of a batch.
    const sizes = reads.flatMap((end, read) => (read % 2 === 1 ? [end - (reads[read - 1] as number)] : []));
    expect(sizes).toEqual([1, 4, 4, 7, 20, 20, 20]);
  });

  test('in each round every subject has its turn, each time in another order', async () => {
    const { subject, plan, ran } = world({ rounds: 4, warmRounds: 0, batchMs: 1 });
    await measure(
      ['a', 'b', 'c'].map((name) => subject(name, 1)),
      plan,
    );
    expect(ran.slice(3).join('')).toBe('abcacbcabcba'.slice(0, 12));
  });

  test('what is a promise is awaited before the next call, and what is none is not', async () => {
    const { plan } = world({ rounds: 2, batchMs: 4 });
    let running = 0;
    let most = 0;
    let now = 0;
    const order: string[] = [];
    const waiting: Subject = {
      name: 'waiting',
      async run() {
        running += 1;
        most = Math.max(most, running);
        await undefined;
        now += 1;
        running -= 1;
      },
    };
    const direct: Subject = {
      name: 'direct',
      run() {
        now += 1;
        order.push('direct');
        void Promise.resolve().then(() => order.push('after'));
      },
    };
    await measure([waiting, direct], { ...plan, now: () => now });
    expect(most).toBe(1);
    expect(order.join(' ')).toContain('direct direct direct direct');
  });

  test('garbage of the others is collected before each batch, and its time does not count', async () => {
    const { subject, plan, pass, ran } = world({ rounds: 2, warmRounds: 0, batchMs: 2 });
    const collected: number[] = [];
    const collect = () => {
      collected.push(ran.length);
      pass(100);
    };
    const rounds = await measure([subject('one', 1), subject('two', 1)], { ...plan, collect });
    // One call each to begin with, then two in each batch.
    expect(collected).toEqual([0, 1, 2, 4, 6, 8]);
    expect(rounds.get('one')).toEqual([1_000, 1_000]);
  });

  test('what fails stops it: a figure of a failure would be wrong', async () => {
    const { plan, subject } = world();
    const failing: Subject = { name: 'failing', run: () => Promise.reject(new Error('no hit')) };
    await expect(measure([subject('one', 1), failing], plan)).rejects.toThrow('no hit');
  });

  test('a clock that stands still ends in batches of a bounded size', async () => {
    const { subject, plan, ran } = world({ rounds: 1, warmRounds: 0 });
    await measure([subject('nothing', 0)], plan);
    expect(ran.length).toBeLessThan(2 ** 22);
  });

  test('two subjects of one name are an error', async () => {
    const { subject, plan } = world();
    await expect(measure([subject('one', 1), subject('one', 2)], plan)).rejects.toThrow('the same name');
  });
});

test('over two times as many rounds as subjects, each is as often first as last', () => {
  const subjects = ['a', 'b', 'c'];
  const orders = Array.from({ length: 6 }, (_, round) => inOrder(subjects, round));
  for (const name of subjects) {
    expect(orders.filter(([first]) => first === name)).toHaveLength(2);
    expect(orders.filter((order) => order.at(-1) === name)).toHaveLength(2);
  }
});
