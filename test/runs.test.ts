import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createExact } from '../src/exact.ts';
import { createRuns, longestRunMs } from '../src/runs.ts';
import { deferred } from './support/app.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('runs under way', () => {
  test('whatever is read from the beginning of the first to the end of the last may be read inside', async () => {
    const runs = createRuns(undefined);
    expect(runs.mayBeInside()).toBe(false);
    const [one, two] = [deferred(), deferred()];
    const both = [runs.run('a', () => one.promise), runs.run('b', () => two.promise)];
    one.resolve();
    await both[0];
    expect(runs.mayBeInside()).toBe(true);
    two.reject(new Error('failed'));
    await both[1]?.catch(() => {});
    expect(runs.mayBeInside()).toBe(false);
  });

  test('those of a path itself may be left out', () => {
    const runs = createRuns(undefined);
    void runs.run('a', () => new Promise(() => {}));
    expect([runs.mayBeInside(), runs.mayBeInside('a'), runs.mayBeInside('b')]).toEqual([true, false, true]);
  });

  test('one that never ends is forgotten in the end, and hides none that began later', () => {
    const runs = createRuns(undefined);
    void runs.run('hangs', () => new Promise(() => {}));
    vi.advanceTimersByTime(longestRunMs);
    void runs.run('b', () => new Promise(() => {}));
    vi.advanceTimersByTime(1);
    expect([runs.mayBeInside(), runs.mayBeInside('b')]).toEqual([true, false]);
  });

  test('one of many parts is under way between them too, and no longer than it says, whatever still hangs in it', async () => {
    const runs = createRuns(undefined);
    const { part, over } = runs.begin('a');
    expect(runs.mayBeInside()).toBe(true);
    expect(await part(async () => 1)).toBe(1);
    expect([runs.mayBeInside(), runs.mayBeInside('a')]).toEqual([true, false]);
    void part(() => new Promise(() => {}));
    over();
    expect(runs.mayBeInside()).toBe(false);
  });

  test('with an async context its parts alone are inside of it', async () => {
    const runs = createRuns(new AsyncLocalStorage());
    const { part, over } = runs.begin('a');
    expect(runs.mayBeInside()).toBe(false);
    expect(await part(async () => runs.mayBeInside())).toBe(true);
    over();
  });

  test('with an async context it is known who reads, in caches that share it, and nobody else is taken for it', async () => {
    const context = new AsyncLocalStorage();
    const [runs, other] = [createRuns(context), createRuns(context)];
    const gate = deferred();
    const inside = runs.run('a', async () => {
      await gate.promise;
      return [runs.mayBeInside('a'), other.mayBeInside()];
    });
    expect(runs.mayBeInside()).toBe(false);
    expect(context.run('of the user', () => runs.mayBeInside())).toBe(false);
    gate.resolve();
    expect(await inside).toEqual([true, true]);
  });
});

describe('requests of clients that wrote a moment ago', () => {
  test('make reads exact until each of them is answered, or a minute has gone by', () => {
    const exact = createExact();
    expect(exact.any()).toBe(false);
    const end = exact.begin();
    exact.begin(); // is never told to end
    end();
    expect(exact.any()).toBe(true);
    vi.advanceTimersByTime(60_001);
    expect(exact.any()).toBe(false);
  });
});
