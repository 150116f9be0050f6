import { describe, expect, test, vi } from 'vitest';
import { createEmitter } from '../src/events.ts';

const hit = { path: 'post.byId', ageMs: 7 };

describe('events', () => {
  test('every listener of a name hears it, in the order they came, and no other does', () => {
    const emitter = createEmitter();
    const heard: string[] = [];
    emitter.on('hit', () => heard.push('first'));
    emitter.on('hit', (event) => heard.push(`second ${event.path}`));
    emitter.on('miss', () => heard.push('miss'));
    emitter.emit('hit', hit);
    expect(heard).toEqual(['first', 'second post.byId']);
  });

  test('nobody needs to listen', () => {
    expect(() => createEmitter().emit('hit', hit)).not.toThrow();
  });

  test('what `on` returns takes that listener off, once and for all', () => {
    const emitter = createEmitter();
    const [off, stays] = [vi.fn(), vi.fn()];
    const stop = emitter.on('hit', off);
    emitter.on('hit', stays);
    stop();
    stop();
    emitter.emit('hit', hit);
    expect(off).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledTimes(1);
  });

  test('a listener that throws keeps the others from nothing', () => {
    const emitter = createEmitter();
    const next = vi.fn();
    emitter.on('hit', () => {
      throw new Error('broken');
    });
    emitter.on('hit', next);
    emitter.emit('hit', hit);
    expect(next).toHaveBeenCalledTimes(1);
  });

  test('a listener may take itself off, and others may come, while an event is told', () => {
    const emitter = createEmitter();
    const heard: string[] = [];
    const stop = emitter.on('hit', () => {
      heard.push('once');
      stop();
    });
    emitter.on('hit', () => heard.push('always'));
    emitter.emit('hit', hit);
    emitter.emit('hit', hit);
    expect(heard).toEqual(['once', 'always', 'always']);
  });
});
