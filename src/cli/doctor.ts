// Docs: docs/cli.md#doctor
import type { Arguments } from './arguments.ts';
import type { Connection } from './connection.ts';
import { checkClock, checkServer } from './doctor-server.ts';
import { checkLatency, checkNamespace, checkPromise } from './doctor-store.ts';
import { type Finding, fieldsOf, found } from './finding.ts';
import { Interrupted, type Io, unlessInterrupted } from './io.ts';
import { placeOf, redactor } from './redact.ts';
import { plainly } from './table.ts';

/** Looks for what is wrong with a store. 1 when something should be changed. */
export async function doctor(given: Arguments, connection: Connection, io: Io): Promise<number> {
  const { address, namespace, hashKeys, json } = given;
  const hide = redactor(address);
  const findings: Finding[] = [found('reachable')('ok', `${placeOf(address)}, through ${connection.client}`)];
  /** A check that cannot be made is a finding, too. */
  const check = async (name: string, level: 'info' | 'error', work: () => Promise<readonly Finding[]>) => {
    try {
      findings.push(...(await unlessInterrupted(io, work())));
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      const message = hide(error instanceof Error ? error.message : String(error));
      findings.push(found(name)(level, message, /NOPERM|permissions/.test(message) ? commands : undefined));
    }
  };
  await check('server', 'info', () => server(connection, address.kind === 'upstash'));
  const isRefused =
    findings.some(({ check, level }) => check === 'cluster' && level === 'error') && !connection.isCluster;
  if (!isRefused) await storeChecks();

  async function storeChecks() {
    await check('clock', 'info', async () => {
      const askedAt = Date.now();
      const time = await connection.command('TIME');
      return [checkClock(time, askedAt, Date.now())];
    });
    await check('invalidation', 'error', async () => [await checkPromise(connection, namespace, hashKeys)]);
    await check('latency', 'error', async () => [await checkLatency(connection, namespace, io)]);
    await check('namespace', 'info', () => checkNamespace(connection, namespace));
  }

  const isWrong = findings.some(({ level }) => level === 'warning' || level === 'error');
  if (json) io.out(`${JSON.stringify({ store: placeOf(address), namespace, ok: !isWrong, findings }, null, 2)}\n`);
  else for (const finding of findings) io.out(textOf(finding));
  return isWrong ? 1 : 0;
}

const commands =
  'The user needs MGET, SET, INCR, DEL, EXISTS, PTTL, PEXPIRE, TIME, INFO, PUBLISH and EVAL on the keys of the namespace.';

const readsWhenDown = 'cluster-allow-reads-when-down';

async function server(connection: Connection, isUpstash: boolean): Promise<readonly Finding[]> {
  if (!isUpstash) {
    // One answer of all sections is not to be had of every server.
    const sections = ['server', 'replication', 'memory', 'persistence', 'cluster'];
    const answers = await Promise.all(sections.map((section) => connection.command('INFO', section)));
    const fields = new Map(answers.flatMap((answer) => [...fieldsOf(answer)]));
    const isNode = fields.get('cluster_enabled') === '1';
    const say = found('cluster');
    if (isNode && !connection.isCluster)
      return [
        say(
          'error',
          'a node of a Redis Cluster, which refuses the keys of others',
          'Write --cluster; in the application, hand redisStore a client of a Cluster.',
        ),
      ];
    if (!isNode) return checkServer(fields);
    // Who may not ask for it is told nothing of it.
    const settings = await connection.command('CONFIG', 'GET', readsWhenDown).catch(() => '');
    const cluster = /\byes\b/.test(JSON.stringify(settings))
      ? say(
          'error',
          `a Redis Cluster with ${readsWhenDown} yes: a node that is cut off goes on serving what was invalidated`,
          `CONFIG SET ${readsWhenDown} no, on every node.`,
        )
      : say('ok', 'a Redis Cluster; what follows is of the node that was named');
    return [cluster, ...checkServer(fields)];
  }
  const fields = fieldsOf(await connection.command('INFO').catch(() => ''));
  const version = fields.get('upstash_version') ?? fields.get('redis_version');
  return [
    ...(version === undefined ? [] : [found('version')('ok', `Upstash ${version}`)]),
    found('eviction')(
      'info',
      'not told over REST: with eviction off, writes fail when the database is full. See Eviction in the console; on is right for a cache',
    ),
    found('region')(
      'info',
      'not told over REST: the latency below says whether it is near. upstashStore reads the primary region by default',
    ),
  ];
}

const marks = { ok: 'ok     ', info: 'info   ', warning: 'WARNING', error: 'ERROR  ' };

const textOf = ({ check, level, message, fix }: Finding): string =>
  `${marks[level]}  ${check.padEnd(12)}  ${plainly(message)}\n${fix === undefined ? '' : `${' '.repeat(23)}${plainly(fix)}\n`}`;
