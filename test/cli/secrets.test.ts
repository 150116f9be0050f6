import { describe, expect, it } from 'vitest';
import { masker } from '../../src/cli/redact.ts';
import { typed } from './typed.ts';

describe('a password', () => {
  it.each([
    [['redis://:pw-SECRET@db:6379', 'stats', '-n', 'shop']],
    [['stats', 'redis://:pw-SECRET@db', '-n', 'shop']],
    [['ls', 'redis://:pw-SECRET@db', '-n', 'x', '--redis', 'redis://127.0.0.1:1']],
    [['ls', 'redis://:pw-SECRET@db']],
    [['--redsi', 'redis://:pw-SECRET@db', 'stats']],
    [['stats', '--redis-url=redis://:pw-SECRET@db', '-n', 'x']],
    [['stats', '-n', 'x', '--redis', 'redis:/:pw-SECRET@db']],
    [['redis:/:pw-SECRET@db', 'stats']],
    [['stats', '-n', 'x', '--redis', 'https://u:pw-SECRET@db']],
    [['redis://:pw "SECRET" \u001b/x@y@db', 'stats']],
    [['stats', '-n', 'x', '--redis', 'redis://127.0.0.1:1/redis://:pw-SECRET@db']],
    [['invalidate', '*', '-n', 'redis://:pw-SECRET@db', '--yes', '--redis', 'redis://127.0.0.1:1']],
  ])('is in nothing that is printed of %j', async (argv) => {
    const { code, out, err } = await typed(argv);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain('trpc-cached: ');
    expect(`${out}${err}`).not.toContain('SECRET');
  });

  it('is masked in JSON, which stays JSON, and in the question', async () => {
    const mask = masker([]);
    const text = JSON.stringify({ wanted: 'redis://u:a"b\\c@db', next: 'ann@example.com' });
    expect(JSON.parse(mask(text))).toEqual({ wanted: 'redis://***@db', next: 'ann@example.com' });
    expect(mask('see https://example.com/@ann, or mail ann@example.com')).toBe(
      'see https://example.com/@ann, or mail ann@example.com',
    );
  });

  it('is shown where it is none: in the help', async () => {
    expect((await typed(['--help'])).out).toContain('redis://user:password@host:6379/0');
  });
});
