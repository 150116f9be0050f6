import superjson from 'superjson';

/** A row as a database gives it. */
export interface Row {
  id: number;
  title: string;
  author: string;
  at: Date;
}

/** The same with its time as text: all of it is JSON, and can be frozen. */
export type TextRow = Omit<Row, 'at'> & { at: string };

/** An answer of a known size. */
export interface Payload {
  readonly name: string;
  /** One row, or many. With Dates. */
  readonly value: Row | Row[];
  /** The same without Dates. */
  readonly tree: TextRow | TextRow[];
  /** Bytes on the wire with superjson. */
  readonly bytes: number;
}

const rowOf = (id: number): Row => ({
  id,
  title: `How to cache number ${id}`,
  author: `author-${id % 50}`,
  at: new Date(1_700_000_000_000 + id * 60_000),
});

const textOf = (row: Row): TextRow => ({ ...row, at: row.at.toISOString() });

function payload(name: string, count: number): Payload {
  const rows = Array.from({ length: count }, (_, id) => rowOf(id));
  const value = count === 1 ? (rows[0] as Row) : rows;
  return {
    name,
    value,
    tree: count === 1 ? textOf(rows[0] as Row) : rows.map(textOf),
    bytes: JSON.stringify(superjson.serialize(value)).length,
  };
}

/** From one row to as many as an entry holds by default. */
export const payloads = {
  tiny: payload('100 B', 1),
  small: payload('1 kB', 9),
  medium: payload('10 kB', 90),
  large: payload('117 kB', 1_012),
  huge: payload('1 MB', 8_440),
} as const;

/** All of them, the smallest first. */
export const sizes: readonly Payload[] = Object.values(payloads);

/** What a person would write by hand to give every caller rows of its own. */
export const cloneByHand = ({ value }: Payload): Row | Row[] => {
  const clone = (row: Row): Row => ({ ...row, at: new Date(+row.at) });
  return Array.isArray(value) ? value.map(clone) : clone(value);
};
