// Docs: docs/http.md#cdn
import { digest } from './digest.ts';
import { token } from './key.ts';

/**
 * The tag by which CDNs know an epoch: what an answer carries in its headers for each of its epochs, and what is purged when
 * that epoch moves on. One function for both sides, so that an answer always carries what its end is told by; two epochs with
 * one tag only purge more. None for what no shared answer can depend on: private scopes, plain functions, the guard.
 *
 * @example
 * cdnTagOf('shop:e:tag:"post:1"'); // 'post:1'
 * cdnTagOf('shop:e:q:post.byId'); // 'post.byId'
 */
export function cdnTagOf(epoch: string): string | undefined {
  // Namespace and path hold no colon: `field` in key.ts escapes it.
  const [, namespace = '', kind, rest = ''] = /^([^:]*):e:([^:]*):?(.*)$/s.exec(epoch) ?? [];
  const cut = rest.indexOf(':');
  const [path, free] = [rest.slice(0, cut), rest.slice(cut + 1)];
  switch (kind) {
    case 'q':
      return rest;
    case 'sub':
      return `${rest}.*`;
    case 'qi':
      return ofInput(path, free);
    case 'tag':
      return ofTag(rest);
    // Shared answers are everyone's: what is said of everyone's entries is said of all that a CDN can have.
    case 'scope':
      return isEveryones(rest) ? ofNamespace(namespace) : undefined;
    case 'qs':
      return isEveryones(free) ? path : undefined;
    case 'subs':
      return isEveryones(free) ? `${path}.*` : undefined;
    case 'qsi':
      if (free.startsWith('[*,')) return ofInput(path, free.slice(3, -1));
      return free.startsWith('#') ? path : undefined; // hashed: whose it is cannot be told
    case 'guard':
    case 'w':
    case 'wi':
    case 'ws':
    case 'wsi':
    case undefined:
      return undefined;
    default:
      return ofNamespace(namespace);
  }
}

/** The tags of epochs, each once, in one order whoever asks. */
export function cdnTagsOf(epochs: readonly string[]): string[] {
  return [...new Set(epochs.flatMap((epoch) => cdnTagOf(epoch) ?? []))].sort();
}

const ofNamespace = (namespace: string) => `namespace:${namespace}`;

const isEveryones = (scope: string) => scope === '*' || scope === token('*', true);

// 96 bits, or about 80 where a CDN does not tell cases apart.
const ofInput = (path: string, text: string) => `${path}#${digest(text).slice(0, 16)}`;

/** The text as the user wrote it, but for what no CDN carries; `#…` where the epoch holds a digest alone. */
function ofTag(text: string): string {
  return text.startsWith('#') ? text : (JSON.parse(text) as string).replace(/[^!#-+\--[\]-~]|%/gu, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  // A lone surrogate has no UTF-8.
  return code >= 0xd800 && code <= 0xdfff ? `%u${code.toString(16).toUpperCase()}` : percent(character);
}

const percent = (character: string) =>
  Array.from(
    new TextEncoder().encode(character),
    (byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`,
  ).join('');
