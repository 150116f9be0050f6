import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CacheError, type Store } from '../src/index.ts';
import { createOutbox } from '../src/outbox.ts';
import { errorOf } from './support/app.ts';
import { hanging, throwing } from './support/stores.ts';

describe('the outbox', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const outboxOn = (advance: Store['advance']) => {
    const watched = vi.fn(advance);
    const store = { advance: watched } as unknown as Store;
    return {
      advance: watched,
      outbox: createOutbox({ store: () => store, namespace: 'all', writeMs: 1_000, collapsed: () => {} }),
    };
  };

  test('a write resolves when the store confirmed it, and asks for nothing where there is nothing to write', async () => {
    const { outbox, advance } = outboxOn(async () => {});
    await outbox.write([]);
    expect(advance).not.toHaveBeenCalled();
    await outbox.write(['a', 'b']);
    expect(advance.mock.calls.map(([epochs]) => epochs)).toEqual([['a', 'b']]);
    expect(await outbox.flush()).toBe(true);
  });

  test.each([
    ['throws', throwing],
    ['rejects', async () => throwing()],
  ])('a write to a store that %s rejects with the cause, and waits', async (_, advance) => {
    const { outbox } = outboxOn(advance);
    const error = await errorOf(() => outbox.write(['a']));
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toMatchObject({ code: 'NOT_ACKNOWLEDGED', cause: new Error('the store is down') });
    expect(await outbox.flush()).toBe(false);
  });

  test('a promise of another kind is waited for like any other', async () => {
    // biome-ignore lint/suspicious/noThenProperty: clients with promises of their own are the point
    const foreign = { then: (_: unknown, reject: (error: Error) => void) => reject(new Error('refused')) };
    const { outbox } = outboxOn(() => foreign as never);
    expect(await errorOf(() => outbox.write(['a']))).toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
  });

  test('a store that cannot even be opened is one that does not confirm', async () => {
    const outbox = createOutbox({ store: throwing, namespace: 'all', writeMs: 1_000, collapsed: () => {} });
    expect(await errorOf(() => outbox.write(['a']))).toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
  });

  test('what waits is written in one trip, and each epoch once', async () => {
    const { outbox, advance } = outboxOn(throwing);
    for (const epochs of [
      ['a', 'b'],
      ['b', 'c'],
    ])
      await outbox.write(epochs).catch(() => {});
    advance.mockClear().mockImplementation(async () => {});
    expect(await outbox.flush()).toBe(true);
    expect(advance.mock.calls.map(([epochs]) => epochs)).toEqual([['a', 'b', 'c']]);
    expect(await outbox.flush()).toBe(true);
    expect(advance).toHaveBeenCalledTimes(1);
  });

  test('a confirmation covers only what had failed before it was sent', async () => {
    let confirm: () => void = () => {};
    const { outbox, advance } = outboxOn(throwing);
    await outbox.write(['a']).catch(() => {});
    advance.mockImplementationOnce(() => new Promise<void>((resolve) => (confirm = resolve)));
    const flushed = outbox.flush();
    await outbox.write(['a']).catch(() => {}); // fails again, after the flush was sent
    confirm();
    expect(await flushed).toBe(false);
  });

  test('flushes at the same time are one', async () => {
    const { outbox, advance } = outboxOn(throwing);
    await outbox.write(['a']).catch(() => {});
    advance.mockClear().mockImplementation(async () => {});
    expect(await Promise.all([outbox.flush(), outbox.flush(), outbox.flush()])).toEqual([true, true, true]);
    expect(advance).toHaveBeenCalledTimes(1);
  });

  test('a thousand may wait; one more, and the namespace stands for all', async () => {
    const { outbox, advance } = outboxOn(throwing);
    const epochs = Array.from({ length: 1_000 }, (_, index) => `epoch-${index}`);
    await outbox.write(epochs).catch(() => {});
    await outbox.flush();
    expect(advance.mock.lastCall?.[0]).toEqual(epochs);
    await outbox.write(['one more']).catch(() => {});
    await outbox.flush();
    expect(advance.mock.lastCall?.[0]).toEqual(['all']);
  });

  test('a store that hangs is given up after the budget for writes', async () => {
    const { outbox } = outboxOn(hanging);
    const error = errorOf(() => outbox.write(['a']));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await error).toMatchObject({ cause: new Error('the store did not confirm within 1000 ms') });
  });

  test('retries go on in the background, and drain() waits for them as long as it is told', async () => {
    const { outbox, advance } = outboxOn(throwing);
    await outbox.write(['a']).catch(() => {});
    let drained = false;
    const draining = outbox.drain(30_000).then(() => (drained = true));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(drained).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(drained).toBe(true);
    await draining;
    advance.mockClear().mockImplementation(async () => {});
    await vi.advanceTimersByTimeAsync(10_000);
    expect(advance).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('drain() resolves at once where nothing waits', async () => {
    const { outbox } = outboxOn(async () => {});
    await outbox.drain(30_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('what waited while the store could not be opened is not lost when it is one that another cache uses already', async () => {
    const advance = vi.fn<Store['advance']>(throwing);
    const store = { advance } as unknown as Store;
    const parts = { namespace: 'all', writeMs: 1_000, collapsed: () => {} };
    let isOpen = false;
    const first = createOutbox({ ...parts, store: () => (isOpen ? store : throwing()) });
    const second = createOutbox({ ...parts, store: () => store });
    await first.write(['a']).catch(() => {});
    await second.write(['b']).catch(() => {});
    isOpen = true;
    advance.mockClear().mockImplementation(async () => {});
    expect(await first.flush()).toBe(true);
    expect(advance.mock.calls.flatMap(([epochs]) => epochs).sort()).toEqual(['a', 'b']);
  });
});
