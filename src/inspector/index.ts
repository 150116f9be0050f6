// Docs: docs/inspector.md
export type { PathCounts, Slot } from './counts.ts';
export type { FeedItem } from './feed.ts';
export { type Inspector, type InspectorOptions, inspector, type Snapshot } from './inspector.ts';
export type { NodeRequest, NodeResponse } from './node.ts';
