// Docs: docs/http.md#cdn
export { type CdnDialect, cdnTag } from '../http/tag-headers.ts';
export type { Purge } from '../purge.ts';
export { type CloudflarePurgeOptions, cloudflarePurge } from './cloudflare.ts';
export { type FastlyPurgeOptions, fastlyPurge } from './fastly.ts';
export type { PurgeApiOptions } from './request.ts';
export { type VercelPurgeOptions, vercelPurge } from './vercel.ts';
