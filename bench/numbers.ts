import type { Budget } from './budgets.ts';
import type { Unit } from './group.ts';
import type { Spread } from './statistics.ts';

/** A number as people read it: three digits, or all of a large one's. */
export function shown(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return Number(value.toPrecision(3)).toString();
}

/** A number with its unit: yes and no, bytes as kB, and the rest as it is. */
export function withUnit(value: number, unit: Unit | '×'): string {
  if (unit === 'yes') return value === 1 ? 'yes' : 'no';
  if (unit === 'bytes' && value >= 1_000) return `${shown(value / 1_000)} kB`;
  if (unit === '×') return `${shown(value)} ×`;
  return unit === '' ? shown(value) : `${shown(value)} ${unit}`;
}

/** The middle, and in brackets from where to where it may be. */
export const spreadOf = ({ median, low, high }: Spread, unit?: Budget['unit']): string => {
  const write = unit === 'bytes' ? (value: number) => withUnit(value, unit) : shown;
  return low === high ? write(median) : `${write(median)} (${write(low)} … ${write(high)})`;
};

/** A limit; what is counted has no unit, as its name says what it is. */
export const limitOf = (limit: number, unit: Budget['unit']): string =>
  unit === 'requests' || unit === 'runs' ? shown(limit) : withUnit(limit, unit);
