// Docs: docs/cli.md#secrets
import type { Address } from './arguments.ts';
import { plainly } from './table.ts';

/** Where a store is, without its secrets. */
export function placeOf(address: Address): string {
  const { hostname, port, pathname } = new URL(address.url);
  const database = address.kind === 'redis' && pathname.length > 1 ? pathname : '';
  return `${hostname}${port === '' ? '' : `:${port}`}${database}`;
}

/** Takes the secrets of an address out of texts: clients put all kinds of things into their errors. */
export function redactor(address: Address): (text: string) => string {
  const { password, search } = new URL(address.url);
  const passwords = [password, decode(password)];
  const secrets = [address.url, ...(address.kind === 'upstash' ? [address.token] : []), ...passwords, search]
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/**
 * Takes what stands between `//` and `@` out of texts, whether or not anybody understood it as an address. `given` is what may
 * turn up in them: a password that is no part of a proper URL is known by it alone.
 */
export function masker(given: readonly string[]): (text: string) => string {
  const addresses = given
    .flatMap((text) => /(?::\/|\/\/).*@/s.exec(text) ?? [])
    .flatMap((text) => [
      text,
      plainly(text),
      JSON.stringify(text).slice(1, -1),
      plainly(JSON.stringify(text)).slice(1, -1),
    ]);
  const hidden = (text: string) => text.replace(/^(:?\/\/?).*@$/s, '$1***@');
  return (text) =>
    addresses
      .reduce((rest, address) => rest.replaceAll(address, hidden(address)), text)
      // In JSON signs may be escaped. The example of the help is not masked.
      .replace(/(:\/|\/\/)(?!\/|user:password@)(?:\\.|[^\s"\\/])*@/g, '$1***@');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
