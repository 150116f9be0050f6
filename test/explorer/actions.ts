import type { Action, Query, writes } from './program.ts';

export const read = (at: 0 | 1, query: Query = 'plain'): Action => ({ does: 'read', at, query });
export const write = (at: 0 | 1, how: keyof typeof writes = 'path'): Action => ({ does: 'write', at, how });
export const wait = (ms: number, wallStands = false): Action => ({ does: 'wait', ms, wallStands });
/** Any one key, or those whose names end so. */
export const evict = (key?: string): Action => ({ does: 'evict', ...(key !== undefined && { key }) });
export const kill = (at: 0 | 1): Action => ({ does: 'kill', at });
export const lose: Action = { does: 'lose' };
export const snapshot: Action = { does: 'snapshot' };
export const restart: Action = { does: 'restart' };
