import Table from 'cli-table3';
import pc from 'picocolors';
import type { Exchange } from './client.ts';

/** One line of the table. */
export interface Line {
  who: string;
  call: string;
  ms: number;
  exchange: Exchange;
  /** What a person should see here. */
  note: string;
  ok: boolean;
}

const head = ['', 'who', 'call', 'time', 'status', 'x-cache', 'ETag', 'Cache-Control', 'body', 'what happened'];
const noteWidth = process.stdout.columns ? Math.max(19, process.stdout.columns - 101) : null;
const headers = (exchange: Exchange, name: string) => exchange.headers.get(name) ?? '-';
const colours: Record<string, (text: string) => string> = { HIT: pc.green, MISS: pc.yellow, STALE: pc.cyan };

export const formatMs = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
export const formatBytes = (bytes: number) => (bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`);

export class Report {
  readonly #lines: (Line | string)[] = [];
  readonly #findings: { text: string; ok: boolean }[] = [];

  section(title: string) {
    this.#lines.push(title);
  }

  add(line: Line) {
    this.#lines.push(line);
  }

  finding(text: string, ok: boolean) {
    this.#findings.push({ text, ok });
  }

  get ok() {
    return [...this.#lines, ...this.#findings].every((part) => typeof part === 'string' || part.ok);
  }

  toString() {
    const table = new Table({
      head: head.map((title) => pc.bold(title)),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
      colAligns: ['left', 'left', 'left', 'right', 'left', 'left', 'left', 'left', 'right', 'left'],
      chars: noBorders,
      wordWrap: true,
      colWidths: [...head.slice(1).map(() => null), noteWidth],
    });
    for (const line of this.#lines) {
      if (typeof line === 'string') table.push([{ colSpan: head.length, content: `\n${pc.bold(line)}` }]);
      else table.push(cells(line));
    }
    const findings = this.#findings.map(({ text, ok }) => `${mark(ok)} ${text}`);
    return [table.toString().replace(/ +$/gm, ''), '', ...findings].join('\n');
  }
}

function cells({ who, call, ms, exchange, note, ok }: Line) {
  const etag = headers(exchange, 'etag');
  const outcome = headers(exchange, 'x-cache').replaceAll(',', '');
  return [
    mark(ok),
    who,
    call,
    formatMs(ms),
    String(exchange.status),
    (colours[outcome] ?? String)(outcome),
    etag.length > 10 ? `${etag.slice(0, 7)}…` : etag,
    headers(exchange, 'cache-control'),
    formatBytes(exchange.bytes),
    note,
  ];
}

const mark = (ok: boolean) => (ok ? pc.green('✓') : pc.red('✗'));

const sides = ['top', 'bottom', 'left', 'mid', 'right'] as const;
const noBorders = Object.fromEntries([
  ...sides.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ''])),
  ['middle', ' '],
]);
