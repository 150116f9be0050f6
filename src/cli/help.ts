// Docs: docs/cli.md
/** What `--help` prints. */
export const help = `trpc-cached: look into a cache of tRPC procedures, and change it

  npx trpc-cached <command> --namespace <name> (--redis <url> | --upstash <url>)

Commands
  stats                  entries and bytes by path, fresh, stale and dead
  ls ['post.*']          entries: path, state, age, ttl, tags, bytes; never values
  explain <key | path>   whether an entry would be served, and what it depends on
  invalidate 'post.*' …  makes entries unusable, for every process
  doctor                 looks for what is wrong with the store

Where
  --redis <url>          redis://user:password@host:6379/0, or REDIS_URL
  --cluster              the server is a node of a Redis Cluster
  --upstash <url>        or UPSTASH_REDIS_REST_URL
  --token <token>        or UPSTASH_REDIS_REST_TOKEN
  -n, --namespace <name> the one of createCache({ namespace })
  --hash-keys            the cache was made with hashKeys: true

What
  --input <json>         explain, invalidate: an input, as a client sends it
  --tag <tag>            invalidate: what has this tag; may be repeated
  --scope <id>           invalidate: what is of this scope; --signed-out, --everyone
  --mode expire          invalidate: leave entries to their stale windows
  --limit <number>       ls: how many entries [100]

How
  --json                 results as JSON
  -y, --yes              ask nothing
  -h, --help; --version

Exit codes: 0 all is well; 1 something was found, or failed; 2 wrong usage; 130 Ctrl-C.
`;
