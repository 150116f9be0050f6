import { readdirSync } from 'node:fs';
import ts from 'typescript-5.9';
import { type Adapter, adapters, limits, without } from '../support/http-adapters.ts';
import { read } from './pages.ts';

/** The cases of HTTP behaviour by number: what is sent, and what must come of it. */
export const cases: Record<string, string> = {
  A1: 'a cold query has a weak, legal tag',
  A2: 'a second request gets the same tag and body',
  A3: '`If-None-Match` with the tag is 304',
  A4: 'the tag matches without its `W/`',
  A5: 'the tag matches anywhere in a list',
  A6: 'another tag is 200',
  A7: '`*` is 304',
  A8: 'a matching tag goes before `If-Modified-Since`',
  A9: 'another tag goes before `If-Modified-Since`',
  A10: '`If-Modified-Since` alone is 200',
  A11: '304 has the headers of 200, and none of a body',
  A12: '304 keeps CORS headers, cookies and yours',
  A13: 'after an invalidation the old tag is 200',
  A14: 'an equal new answer keeps its tag',
  A15: 'processes give equal tags',
  A16: '401 for whoever may not see it, whatever the tag',
  A17: '404 in full, whatever the tag',
  A18: 'a mutation runs, whatever the tag',
  A19: 'a query that is not cached is as by plain tRPC',
  A20: 'default: exactly `private, no-cache`',
  A21: 'public: its whole lifetime, no `age`',
  A22: 'public after 20 s: what is left',
  A23: 'public in its last half second: 0',
  A24: 'in its stale window: at once, promising nothing',
  A25: 'after its stale window: waits for the new answer',
  A26: 'stale in place of a failure, promising nothing',
  A27: 'no `stale-*` beside `no-cache`',
  A28: 'failures as by plain tRPC, with `no-store`',
  A29: 'a mutation by GET is 405 with `allow`',
  A30: 'with `set-cookie`: private, not reused',
  A31: 'with `authorization`: private',
  A32: 'two users: two bodies, two tags, private',
  A33: 'a mutation has neither tag nor lifetime',
  A34: 'a subscription is as by plain tRPC, at once',
  A35: 'a streamed batch promises nothing, and waits for nobody',
  A36: '`vary` has every name once',
  A37: '304 varies as 200 does',
  A38: 'batch: the shortest lifetime, and a tag',
  A39: 'batch: 304',
  A40: 'batch: its order and form are in its tag',
  A41: 'batch: one changed answer changes the tag',
  A42: 'batch with a private query: private',
  A43: 'batch with a default query: `no-cache`',
  A44: 'batch with a failure: 207, `no-store`',
  A45: 'batch with a query that is not cached: no tag',
  A46: 'batch of failures: 404, `no-store`',
  A47: '`cdn-cache-control` beside `no-cache`',
  A48: 'nothing for a CDN with cookies, credentials, failures',
  A49: '`cache-status` of a hit',
  A50: '`cache-status` of a miss',
  A51: '`cache-status` of a stale answer',
  A52: '`cache-status` names no key',
  A53: 'by default `no-cache` of clients does not run queries',
  A54: 'by default other directives of clients change nothing',
  A55: 'honoured, `no-cache` replaces the answer',
  A56: 'honoured, `only-if-cached` is 504 on a miss',
  A57: '304 also under `no-cache`',
  A58: 'HEAD is as by plain tRPC',
  A59: 'a private cache in front is asked and answered 304',
  A60: 'no ranges',
  A61: 'a context that cannot be made is `no-store`',
  A62: 'another transformer or version, another tag',
  A63: 'no stale window beside `s-maxage`',
  A64: 'after a mutation a private cache gets new data',
  A65: '`immutable` where asked for, once',
};

// `describe.each` over these, and the adapters they stand for.
const lists: Record<string, readonly Adapter[]> = {
  adapters,
  ...Object.fromEntries(Object.keys(limits).map((limit) => [`without('${limit}')`, without(limit as never)])),
};

const isCall = (node: ts.Node, pattern: RegExp): node is ts.CallExpression =>
  ts.isCallExpression(node) && pattern.test(node.expression.getText());

/**
 * Which cases have a test on which adapters. Only tests that run in any case count: those that stand by themselves in a
 * `describe.each` over adapters, not in a condition, and not skipped.
 */
export function tested(): Map<string, Set<Adapter>> {
  const found = new Map<string, Set<Adapter>>();
  const visit = (statements: readonly ts.Statement[], on: readonly Adapter[]): void => {
    for (const statement of statements) {
      if (!ts.isExpressionStatement(statement)) continue;
      const call = statement.expression;
      if (isCall(call, /^describe(\.each\([^)]*\)*)?$/s)) {
        const body = call.arguments.find(ts.isArrowFunction)?.body;
        const list = /^describe\.each\((.*)\)$/s.exec(call.expression.getText())?.[1];
        if (body !== undefined && ts.isBlock(body)) visit(body.statements, (list && lists[list]) || on);
      } else if (isCall(call, /^test(\.each\b|$)/)) {
        const [title] = call.arguments;
        if (title === undefined || !ts.isStringLiteralLike(title)) continue;
        const numbers = /^((?:A\d+(?:, )?)+):/.exec(title.text)?.[1]?.split(', ') ?? [];
        for (const number of numbers) {
          const set = found.get(number) ?? new Set();
          found.set(number, set);
          for (const adapter of on) set.add(adapter);
        }
      }
    }
  };
  for (const file of readdirSync(new URL('../trpc', import.meta.url)).filter((name) =>
    /^http-.*\.test\.ts$/.test(name),
  )) {
    const source = ts.createSourceFile(file, read(`test/trpc/${file}`), ts.ScriptTarget.ESNext, true);
    visit(source.statements, []);
  }
  return found;
}

const heads: Record<string, string> = { express: 'Express', fastify: 'Fastify' };

/** The table of docs/http.md, as the tests make it. */
export function table(): string {
  const found = tested();
  const notes = Object.values(limits);
  const cell = (number: string, adapter: Adapter) => {
    const note = notes.findIndex((limit) => limit.adapters.includes(adapter) && limit.cases.includes(number)) + 1;
    return `${found.get(number)?.has(adapter) === true ? '✓' : '–'}${note > 0 ? ` (${note})` : ''}`;
  };
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['', 'Case', ...adapters.map(({ name }) => heads[name] ?? name)]),
    row(['---', '---', ...adapters.map(() => ':-:')]),
    ...Object.entries(cases).map(([number, text]) =>
      row([number, text, ...adapters.map((adapter) => cell(number, adapter))]),
    ),
    '',
    ...notes.map(
      ({ adapters: of, reason }, index) => `${index + 1}. ${of.map(({ name }) => name).join(', ')}: ${reason}.`,
    ),
  ].join('\n');
}
