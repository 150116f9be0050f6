import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryStore, tieredStore } from '../../src/index.ts';
import { type Fault, type FaultStore, faultStore, type VirtualClock, virtualClock } from '../../src/testing/index.ts';
import { errorOf } from '../support/app.ts';
import { SmallStore } from './small-store.ts';

describe('a store that fails as told', () => {
  let clock: VirtualClock;
  let store: FaultStore;
  beforeEach(() => {
    clock = virtualClock();
    store = faultStore(memoryStore());
  });
  afterEach(() => clock.restore());

  const epochs = ['fault:e:all'];
  const look = async (from = store) => (await from.lookup({ near: 'k', epochs, keepMs: 60_000 })).ids[0];
  /** What a promise has come to by now. */
  const state = async (work: unknown) => {
    let state: unknown = 'pending';
    Promise.resolve(work).then(
      (value) => (state = value),
      (error) => (state = error),
    );
    await clock.settle();
    return state;
  };

  test('left alone, it is the store that it is around, but not in this process', async () => {
    const inner = memoryStore();
    const around = faultStore(inner);
    expect(await look(around)).toBe((await inner.lookup({ near: 'k', epochs, keepMs: 1 })).ids[0]);
    expect([around.name, around.supports.local]).toEqual(['faulty memory', false]);
    expect(faultStore(inner, { local: true }).supports.local).toBe(true);
    expect(around.lease).toBeTypeOf('function');
    const { lease: _, release: __, ...without } = inner;
    expect(Object.keys(faultStore(without))).not.toContain('lease');
    expect(Object.keys(faultStore(tieredStore(memoryStore(), around)))).toEqual(
      expect.arrayContaining(Object.keys(tieredStore(memoryStore(), around))),
    );
  });

  test('a store that is made of a class keeps its methods', async () => {
    class Classy extends SmallStore {
      readonly #said = 'closed';
      close() {
        return this.#said as never;
      }
    }
    const around = faultStore(new Classy());
    expect(around.close?.()).toBe('closed');
    expect(await look(around)).toBe('0');
  });

  const before = async () => {
    const id = await look();
    store.faults.forget();
    return id;
  };

  test.each<[Fault, 'rejects' | 'throws' | 'pending', isDone: boolean]>([
    ['drop', 'rejects', false],
    ['throw', 'throws', false],
    ['hang', 'pending', false],
    ['hold', 'pending', false],
    ['hold-answer', 'pending', true],
    ['lose-reply', 'rejects', true],
    [{ delay: '1s' }, 'pending', false],
    [{ late: '1s' }, 'pending', true],
  ])('%j: it %s', async (fault, how, isDone) => {
    const id = await before();
    store.faults.next('advance', fault);
    if (how === 'throws') expect(() => store.advance(epochs)).toThrow('faultStore was told so');
    else {
      const came = await state(store.advance(epochs));
      if (how === 'pending') expect(came).toBe('pending');
      else expect(came).toMatchObject({ code: 'STORE' });
    }
    expect((await look()) !== id).toBe(isDone);
  });

  test('an error of one’s own is what it rejects with', async () => {
    const error = new Error('ECONNRESET');
    store.faults.next('fill', { reject: error });
    expect(await errorOf(async () => store.fill({} as never))).toBe(error);
  });

  test('what is delayed reaches the store by the clock; what is late was there before', async () => {
    for (const fault of [{ delay: '1s' }, { late: '1s' }] as const) {
      const id = await before();
      store.faults.next('advance', fault);
      const work = store.advance(epochs);
      await clock.advance('999ms');
      expect(await state(work)).toBe('pending');
      await clock.advance('1ms');
      expect(await state(work)).toBe(undefined);
      expect(await look()).not.toBe(id);
    }
  });

  test('what is held goes on when a test lets go, in any order', async () => {
    const id = await before();
    store.faults.always('lookup', 'hold');
    store.faults.next('advance', 'hold-answer');
    const [first, second] = [look(), look()];
    const advance = store.advance(epochs);
    expect(await state(advance)).toBe('pending');
    const [one, other] = store.faults.calls('lookup');
    expect([one?.isHeld(), other?.isHeld()]).toEqual([true, true]);
    other?.release();
    expect(await state(second)).not.toBe(id);
    expect(await state(first)).toBe('pending');
    expect(store.faults.release('lookup')).toBe(1);
    expect(await state(first)).toBe(await second);
    expect(store.faults.release()).toBe(1);
    expect(await state(advance)).toBe(undefined);
    expect(store.faults.release()).toBe(0);
  });

  test('what fails behind a held answer rejects when it is released, and is no unhandled rejection before', async () => {
    const failing = faultStore({ ...memoryStore(), advance: async () => Promise.reject(new Error('down')) });
    failing.faults.next('advance', 'hold-answer');
    const work = Promise.resolve(failing.advance(epochs));
    expect(await state(work.catch(() => 'rejected'))).toBe('pending');
    failing.faults.release();
    await expect(work).rejects.toThrow('down');
  });

  test('what is doubled is done two times', async () => {
    const inner = faultStore(memoryStore());
    const twice = faultStore(inner);
    twice.faults.next('advance', 'twice');
    await twice.advance(epochs);
    expect(inner.faults.calls('advance')).toHaveLength(2);
  });

  test('answers can be made of whole ones, or of nothing', async () => {
    const id = await before();
    store.faults.next('lookup', { answer: (whole) => ({ ...whole, ids: [...whole.ids, 'more'] }) });
    store.faults.next('lookup', { instead: () => 'OK' });
    const ask = () => store.lookup({ near: 'k', epochs, keepMs: 1 });
    expect(await ask()).toMatchObject({ ids: [id, 'more'] });
    expect(await ask()).toBe('OK');
    expect(await look()).toBe(id);
  });

  test('what is said for the next few goes before what is said for all, and is healed with it', async () => {
    store.faults.always('lookup', 'drop');
    store.faults.next('lookup', { instead: () => 1 }, 2);
    const ask = () => state((async () => store.lookup({ near: 'k', epochs, keepMs: 1 }))());
    expect([await ask(), await ask()]).toEqual([1, 1]);
    expect(await ask()).toBeInstanceOf(Error);
    store.faults.next('lookup', 'drop');
    store.faults.always('fill', 'hang');
    store.faults.heal('lookup');
    expect(await ask()).toMatchObject({ ids: [expect.any(String)] });
    expect(await state(store.fill({} as never))).toBe('pending');
    store.faults.heal();
    expect(store.faults.calls('lookup').map(({ fault }) => fault)).toEqual([
      { instead: expect.any(Function) },
      { instead: expect.any(Function) },
      'drop',
      undefined,
    ]);
    expect(store.faults.calls().at(-1)).toMatchObject({ operation: 'fill', args: [{}], fault: 'hang' });
  });

  test('it draws no random, and starts no timer that was not asked for', async () => {
    for (const fault of ['drop', 'hang', 'hold', 'lose-reply', 'twice'] as const) {
      store.faults.next('advance', fault);
      await state(store.advance(epochs));
    }
    expect(clock.timers()).toBe(0);
  });

  test.each<[string, () => unknown]>([
    ['unknown operation "get"', () => store.faults.next('get' as never, 'drop')],
    ['unknown operation "get"', () => store.faults.heal('get' as never)],
    ['faults: expected one of throw, drop', () => store.faults.always('fill', 'explode' as never)],
    ['faults: expected one of throw, drop', () => store.faults.next('fill', { delay: '1s', late: '1s' } as never)],
    ['faults: delay', () => store.faults.next('fill', { delay: 0 })],
    ['faults: answer', () => store.faults.next('fill', { answer: 'OK' } as never)],
    ['faults.next: times', () => store.faults.next('fill', 'drop', 0)],
    ['a store to put it around', () => faultStore(undefined as never)],
    ['unknown option "remote"', () => faultStore(memoryStore(), { remote: true } as never)],
  ])('it refuses mistakes: %s', (message, mistake) => {
    expect(mistake).toThrow(message);
  });
});
