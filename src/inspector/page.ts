// Docs: docs/inspector.md#safety
import { bodyOf } from './page/body.ts';
import { script } from './page/script.ts';
import { style } from './page/style.ts';

/** What is different each time. */
export interface PageParts {
  readonly title: string;
  /** Proves that a request comes from the page. */
  readonly word: string;
  readonly nonce: string;
}

/** The page, and the policy that lets it run its own script and nothing else. */
export function pageOf({ title, word, nonce }: PageParts): { readonly html: string; readonly policy: string } {
  const name = escaped(title);
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<meta name="word" content="${escaped(word)}"><link rel="icon" href="data:,"><title>${name}</title>
<style nonce="${nonce}">${style}</style></head><body>${bodyOf(name)}
<script nonce="${nonce}">${script}</script></body></html>`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

const signs: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as it stands in HTML. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => signs[sign] as string);
