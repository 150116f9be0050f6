// Docs: docs/cli.md#secrets
import type { Address } from './arguments.ts';

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

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
