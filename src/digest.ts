// Docs: docs/decisions/0003-noble-hashes.md
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

// Above this size the runtime's own SHA-256 wins over JavaScript, although it answers in a later tick.
const nativeFrom = 8_192;

/** SHA-256 of a text as base64url (43 characters), at once: WebCrypto is asynchronous and keys are needed now. */
export function digest(text: string): string {
  return base64url(sha256(utf8ToBytes(text)));
}

/** The same digest; of a long text by WebCrypto, in a promise. */
export function digestLater(text: string): string | Promise<string> {
  if (text.length < nativeFrom) return digest(text);
  return crypto.subtle
    .digest('SHA-256', new TextEncoder().encode(text))
    .then((bytes) => base64url(new Uint8Array(bytes)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** FNV-1a over the units of texts, and their ends: finds damage, at a fraction of what reading JSON costs; no adversary. */
export function checksum(texts: readonly string[]): number {
  let sum = 0x811c9dc5;
  for (const text of texts) {
    for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
    sum = Math.imul(sum ^ 0x10000, 0x01000193);
  }
  return sum >>> 0;
}
