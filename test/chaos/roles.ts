/** The client that a process reaches the server with. */
export type Client = 'ioredis' | 'node-redis' | 'upstash';

/** A bug on purpose, to see that the checker finds it. */
export type Bug =
  /** The script stores without asking whether an epoch moved on. */
  | 'fill-ignores-unchanged'
  /** Some invalidations are confirmed and never sent. */
  | 'advance-not-sent'
  /** Entries carry the ids of their fill instead of those of their lookup. */
  | 'ids-read-after-the-run'
  /** A local copy is trusted for longer than it says. */
  | 'tier-trusts-too-long'
  /** A server that comes back older is not told from the one before. */
  | 'run-id-left-out';

/** What one process is told about itself. */
export interface Role {
  readonly index: number;
  readonly historyPath: string;
  readonly seed: number;
  readonly client: Client;
  /** Where the store is reached: a port of this machine, or an address and a token. */
  readonly port?: number;
  readonly url?: string;
  readonly token?: string;
  /** A copy in the process, asked about at every read or trusted for a while; without, none. */
  readonly tier?: '0' | '200ms';
  readonly coalesce: 'process' | 'store';
  readonly readers: number;
  readonly burst: number;
  /** Pause of a reader after a burst. */
  readonly paceMs: number;
  /** Mean pause of a writer. */
  readonly writeMs: number;
  readonly bug?: Bug;
}

/** How many milliseconds later than others a process may hear of an invalidation. */
export const trustMsOf = ({ tier }: Pick<Role, 'tier'>): number => (tier === '200ms' ? 200 : 0);

/** What the parent tells a process. */
export type Order = { readonly arm: 'fill' | 'invalidation' } | 'stop' | 'sweep' | 'leave';

/** A read that was given older data than it may be given. */
export interface Violation {
  readonly process: number;
  readonly role: string;
  readonly row: number;
  readonly kind: string;
  readonly given: number;
  readonly least: number;
  readonly why: string;
  /** Milliseconds of the shared clock. */
  readonly begun: number;
}

/** A role in words, for reports. */
export const labelOf = ({ client, tier, coalesce }: Role): string =>
  [client, tier && `tier trust ${tier}`, coalesce === 'store' && 'lease'].filter(Boolean).join(', ');
