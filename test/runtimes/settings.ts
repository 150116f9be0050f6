/** What an instance of a runtime is told when it starts. */
export interface Settings {
  /** The gateway of the store, and its token. */
  readonly url: string;
  readonly token: string;
  readonly namespace: string;
  /** Where the rows are. */
  readonly database: string;
  /** Whether the cache is given the `waitUntil` of the runtime. */
  readonly keepsWork: boolean;
}

/** The ways in which one instance serves the same router. */
export type Variant =
  /** `upstashStore` under tRPC's fetch adapter. */
  | 'plain'
  /** The same inside of `cache.fetch`. */
  | 'wrapped'
  | 'memory'
  /** Memory in front of Upstash. */
  | 'tiered'
  /** The store is a function of the context. */
  | 'bound'
  /** With short time budgets. Those of the others are long: a busy machine is no outage. */
  | 'hasty';
