// Docs: docs/cli.md
import { field } from '../key.ts';
import type { ScanAnswer } from '../store.ts';

const doctors = 'q:::plain:-doctor-:';

/** The key of an entry of the doctor's own, like those of a path that no procedure has. */
export const doctorKey = (namespace: string, end: string): string => `${field(namespace)}:${doctors}${end}`;

/** A page of a listing as people may have it, whichever store has filled the entries. */
export function scanned({ entries, ...rest }: ScanAnswer, prefix: string): ScanAnswer {
  return {
    ...rest,
    entries: entries.filter(({ head }) => !head.key.startsWith(`${prefix}${doctors}`)).map(comparable),
  };
}

/**
 * Over TCP an id has the run of the server behind it (docs/decisions/0009-run-id-in-the-namespace-epoch.md), over REST it has not:
 * what one side does not know is not compared.
 */
function comparable({ head, own }: ScanAnswer['entries'][number]): ScanAnswer['entries'][number] {
  const isKnown = (at: number) => head.ids[at]?.includes('@') === own[at]?.includes('@');
  const withoutRun = (id: string) => id.replace(/@.*/, '');
  return {
    head: { ...head, ids: head.ids.map((id, at) => (isKnown(at) ? id : withoutRun(id))) },
    own: own.map((id, at) => (id === undefined || isKnown(at) ? id : withoutRun(id))),
  };
}
