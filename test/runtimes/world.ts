import { type Gateway, startGateway } from '../support/gateway.ts';
import { type Database, startDatabase } from './database.ts';
import { type Instance, startInstance } from './instance.ts';
import type { Row } from './rows.ts';
import type { Ground } from './run.ts';
import type { Variant } from './settings.ts';
import { type Site, siteAt } from './site.ts';

/** Two instances of one runtime over one store and one database. */
export interface World {
  readonly row: Row;
  readonly gateway: Gateway;
  readonly database: Database;
  readonly origin: string;
  /** How many requests the store had got when both instances were up. */
  readonly requestsAtStart: number;
  /** A variant on the first instance, or on the second. */
  readonly site: (variant: Variant, instance?: 0 | 1) => Site;
  /** Those of the given variants that are looked at. */
  readonly among: (variants: readonly Variant[]) => readonly Variant[];
  /** These on the first instance; with `plain`, the standalone adapter too. */
  readonly sites: (variants: readonly Variant[]) => readonly Site[];
  /** How many requests for a variant the store has got. */
  readonly asked: (variant: Variant) => number;
  /** The number of a row that no other check uses. */
  readonly fresh: () => number;
  /** How many writes two busy instances are watched for. */
  readonly writes: number;
  readonly close: () => Promise<void>;
}

let count = 0;

/** Starts two instances of a runtime and all they need but the server. */
export async function startWorld(row: Row, { built, redis, thorough }: Ground): Promise<World> {
  const [database, gateway] = await Promise.all([startDatabase(), startGateway({ redisPort: redis.port })]);
  const instances: Instance[] = [];
  const close = async () => {
    await Promise.all([...instances.map((instance) => instance.close()), gateway.close(), database.close()]);
  };
  const { url, token } = gateway;
  const namespace = `world-${++count}`;
  const settings = { url, token, namespace, database: database.url, keepsWork: row.keepsWork };
  try {
    for (const started of await Promise.allSettled([0, 1].map(() => startInstance(row, built, settings)))) {
      if (started.status === 'rejected') throw started.reason;
      instances.push(started.value);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [first, second] = instances as [Instance, Instance];
  const site: World['site'] = (variant, instance = 0) =>
    siteAt([first, second][instance]?.origin as string, variant, `${variant}${instance === 0 ? '' : ' (second)'}`);
  const among: World['among'] = (variants) => {
    const some = thorough ? variants : variants.filter((variant) => row.usual?.includes(variant) ?? true);
    if (some.length === 0) throw new Error(`${row.name}: none of ${variants} is looked at: nothing would be checked`);
    return some;
  };
  let ids = 0;
  return {
    row,
    gateway,
    database,
    origin: first.origin,
    requestsAtStart: gateway.count(),
    site,
    among,
    sites: (variants) =>
      among(variants).flatMap((variant) => {
        if (variant !== 'plain' || first.standalone === undefined) return [site(variant)];
        return [site(variant), siteAt(first.standalone, 'plain', 'plain, standalone', first.origin)];
      }),
    asked: (variant) =>
      gateway.requests.filter(({ commands }) =>
        commands.flat().some((text) => text.includes(`${namespace}-${variant}`)),
      ).length,
    fresh: () => ++ids,
    writes: thorough ? 40 : 5,
    close,
  };
}
