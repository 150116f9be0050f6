// Docs: docs/http.md#your-headers-against-ours
/**
 * Header fields by which CDNs are told how long to keep an answer. Each is obeyed over `cache-control`, be that `private` or
 * `no-store` (RFC 9213 §2.2): where nobody may share an answer they have to be absent.
 */
export const targetedFields: readonly string[] = [
  'cdn-cache-control',
  'surrogate-control',
  'cloudflare-cdn-cache-control',
  'vercel-cdn-cache-control',
  'netlify-cdn-cache-control',
  'akamai-cache-control',
  'edge-control',
];

/** All fields that speak to CDNs: those, and those that carry tags. */
export const sharedFields: readonly string[] = [
  ...targetedFields,
  'cache-tag',
  'surrogate-key',
  'edge-cache-tag',
  'vercel-cache-tag',
  'netlify-cache-tag',
];
