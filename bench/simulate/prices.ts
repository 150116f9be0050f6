/**
 * Upstash Redis, pay as you go, one region. Read in November 2026 in its documentation (upstash.com/docs/redis/overall/billing):
 * "$0.20 per 100K commands", bandwidth "free up to 200 GB / month, then $0.03 / GB", "each command inside a pipeline or
 * transaction is still billed individually". What a script runs is counted, too, by the table of upstash.com/docs/redis/sdks/
 * ratelimit-ts/costs. Storage ($0.25 / GB) and the free bandwidth are left out.
 */
export const upstash = { usdPerCommand: 0.2 / 100_000, usdPerByteDown: 0.03 / 1e9, readAt: '2026-11' } as const;

/** What a run would have cost: with what scripts run counted, as documented, and with one command a request. */
export interface Usd {
  readonly commands: number;
  readonly requestsOnly: number;
  readonly bandwidth: number;
}

export function usdOf(commands: number, requests: number, bytesDown: number): Usd {
  return {
    commands: commands * upstash.usdPerCommand,
    requestsOnly: requests * upstash.usdPerCommand,
    bandwidth: bytesDown * upstash.usdPerByteDown,
  };
}
