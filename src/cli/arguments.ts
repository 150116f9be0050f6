// Docs: docs/cli.md#options
import { parseArgs } from 'node:util';
import { UsageError } from './io.ts';

/** The commands there are. */
const commands = ['stats', 'ls', 'explain', 'invalidate', 'doctor'] as const;

/** The name of a command. */
export type Command = (typeof commands)[number];

/** Where the store is. */
export type Address =
  | { readonly kind: 'redis'; readonly url: string; readonly cluster: boolean }
  | { readonly kind: 'upstash'; readonly url: string; readonly token: string };

/** A command line that was understood. */
export interface Arguments {
  /** What to do. */
  readonly command: Command;
  /** Where. */
  readonly address: Address;
  /** Which entries of the database are of this cache. */
  readonly namespace: string;
  /** Whether the cache was made with `hashKeys`. */
  readonly hashKeys: boolean;
  /** Results as JSON. */
  readonly json: boolean;
  /** What stands behind the command. */
  readonly targets: readonly string[];
  /** Asks nothing. */
  readonly yes: boolean;
  /** How many entries `ls` shows. */
  readonly limit: number;
  /** `--tag`, each time. */
  readonly tags: readonly string[];
  /** `--scope`, `--signed-out`, `--everyone`. */
  readonly scope:
    | { readonly kind: 'one'; readonly id: string }
    | { readonly kind: 'signed-out' | 'everyone' }
    | undefined;
  /** `--input`, parsed. */
  readonly input: { readonly value: unknown } | undefined;
  /** What an invalidation does to entries. */
  readonly mode: 'remove' | 'expire';
}

const options = {
  redis: { type: 'string' },
  cluster: { type: 'boolean' },
  upstash: { type: 'string' },
  token: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  'hash-keys': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  limit: { type: 'string' },
  tag: { type: 'string', multiple: true },
  scope: { type: 'string' },
  'signed-out': { type: 'boolean' },
  everyone: { type: 'boolean' },
  input: { type: 'string' },
  mode: { type: 'string' },
} as const;

type Values = ReturnType<typeof parse>['values'];
type Name = keyof typeof options;

// What is not said of a command would be silently without effect.
const ofAll: readonly Name[] = ['redis', 'cluster', 'upstash', 'token', 'namespace', 'hash-keys', 'json'];
const ofEach: Readonly<Record<Command, readonly Name[]>> = {
  stats: [],
  ls: ['limit'],
  explain: ['input'],
  invalidate: ['yes', 'tag', 'scope', 'signed-out', 'everyone', 'input', 'mode'],
  doctor: [],
};

/** Reads a command line. Throws a `UsageError` that says what to write. */
export function readArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Arguments | 'help' | 'version' {
  const { values, positionals } = parse(argv);
  if (values.help === true || (argv.length === 0 && positionals.length === 0)) return 'help';
  if (values.version === true) return 'version';
  const [command, ...targets] = positionals;
  if (!isCommand(command))
    throw new UsageError(
      command === undefined
        ? 'Name a command.'
        : `${JSON.stringify(command)} is no command. There are: ${commands.join(', ')}.`,
    );
  const foreign = (Object.keys(values) as Name[]).find((name) => ![...ofAll, ...ofEach[command]].includes(name));
  if (foreign !== undefined) throw new UsageError(`--${foreign} has no meaning for ${command}.`);
  const most = { stats: 0, doctor: 0, ls: 1, explain: 1, invalidate: Number.POSITIVE_INFINITY }[command];
  if (targets.length > most)
    throw new UsageError(
      `${command} takes ${most === 0 ? 'nothing' : 'one pattern'} behind it. Is a * not quoted? Write 'post.*'.`,
    );
  const { namespace = '' } = values;
  if (namespace === '') throw new UsageError('--namespace is missing: the one of createCache({ namespace }).');
  return {
    command,
    address: addressOf(values, env),
    namespace,
    hashKeys: values['hash-keys'] === true,
    json: values.json === true,
    targets,
    yes: values.yes === true,
    limit: limitOf(values.limit),
    tags: values.tag ?? [],
    scope: scopeOf(values),
    input: inputOf(values.input),
    mode: modeOf(values.mode),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const isCommand = (name: string | undefined): name is Command => commands.some((one) => one === name);

function addressOf(values: Values, env: Readonly<Record<string, string | undefined>>): Address {
  const { redis, upstash, token = env.UPSTASH_REDIS_REST_TOKEN, cluster = false } = values;
  // Whoever starts a program with an empty variable has unset it.
  const set = (name: string) => (env[name] === '' ? undefined : env[name]);
  if (redis !== undefined && upstash !== undefined) throw new UsageError('--redis and --upstash: name one of them.');
  // What is on the command line is meant, whatever the environment says.
  const restUrl = upstash ?? (redis === undefined ? set('UPSTASH_REDIS_REST_URL') : undefined);
  const tcpUrl = redis ?? (upstash === undefined ? set('REDIS_URL') : undefined);
  if (restUrl !== undefined && tcpUrl !== undefined)
    throw new UsageError(
      'The environment has REDIS_URL and UPSTASH_REDIS_REST_URL: say which by --redis or --upstash.',
    );
  if (tcpUrl !== undefined) {
    if (values.token !== undefined)
      throw new UsageError('--token goes with --upstash. For --redis write redis://user:password@host.');
    const url = checkedUrl(tcpUrl, '--redis', ['redis:', 'rediss:']);
    checkDatabase(url, cluster);
    return { kind: 'redis', url, cluster };
  }
  if (restUrl === undefined)
    throw new UsageError(
      'Where is the store? Write --redis redis://localhost:6379, or --upstash https://….upstash.io; or set REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.',
    );
  if (cluster) throw new UsageError('--cluster goes with --redis.');
  if (token === undefined || token === '')
    throw new UsageError('--token is missing, or UPSTASH_REDIS_REST_TOKEN in the environment.');
  return { kind: 'upstash', url: checkedUrl(restUrl, '--upstash', ['https:', 'http:']), token };
}

// The text may hold a password: it is not shown.
function checkedUrl(text: string, option: string, protocols: readonly string[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === '')
    throw new UsageError(
      `${option}: expected a URL that begins with ${protocols.map((one) => `${one}//`).join(' or ')} and names a host.`,
    );
  return text;
}

// The clients of Redis understand anything else each in its own way, or as database 0.
function checkDatabase(text: string, cluster: boolean): void {
  const { pathname, searchParams } = new URL(text);
  if (!/^(?:\/\d*)?$/.test(pathname) || searchParams.has('db'))
    throw new UsageError('--redis: expected the number of a database behind the host: redis://host:6379/0.');
  if (cluster && Number(pathname.slice(1)) > 0)
    throw new UsageError('--redis: a Redis Cluster has database 0 alone. Write redis://host:6379.');
}

function limitOf(text = '100'): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError('--limit: expected a whole number from 1.');
  return Number(text);
}

function scopeOf(values: Values): Arguments['scope'] {
  const given = [values.scope !== undefined, values['signed-out'] === true, values.everyone === true];
  if (given.filter(Boolean).length > 1) throw new UsageError('--scope, --signed-out and --everyone: name one of them.');
  if (values.scope === '') throw new UsageError('--scope: expected a text; for entries of nobody, --signed-out.');
  if (values.scope !== undefined) return { kind: 'one', id: values.scope };
  if (values['signed-out'] === true) return { kind: 'signed-out' };
  return values.everyone === true ? { kind: 'everyone' } : undefined;
}

function inputOf(text: string | undefined): Arguments['input'] {
  if (text === undefined) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    throw new UsageError(`--input: expected JSON, as a client sends it: --input '{"id":7}'.`);
  }
}

function modeOf(text = 'remove'): 'remove' | 'expire' {
  if (text !== 'remove' && text !== 'expire') throw new UsageError('--mode: expected remove or expire.');
  return text;
}
