/** The worker of a file `worker.js`, as workerd is told of it. */
export interface Worker {
  /** Its compatibility date. */
  readonly date: string;
  /** Its compatibility flags. @default nothing of Node */
  readonly flags?: readonly string[];
  /** What its `env` holds: texts, and what is given as JSON. */
  readonly bindings?: Readonly<Record<string, string | object>>;
}

/** A configuration of workerd: one worker that may reach the network, on a free port. */
export const workerOf = ({ date, flags = withoutNode(date), bindings = {} }: Worker): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "app")],
);
const app :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${date}",
  compatibilityFlags = ${JSON.stringify(flags)},
  bindings = [${Object.entries(bindings).map(bindingOf)}],
);
`;

const bindingOf = ([name, value]: [string, string | object]): string => {
  const [kind, text] = typeof value === 'string' ? ['text', value] : ['json', JSON.stringify(value)];
  return `(name = "${name}", ${kind} = ${JSON.stringify(text)})`;
};

// From this date on Node's modules and globals are there unless they are refused.
const withoutNode = (date: string) => (date >= '2026-08-04' ? ['no_nodejs_compat', 'no_nodejs_compat_v2'] : []);
