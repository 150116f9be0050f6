import { type Exchange, type Kind, useExchanges } from './exchanges.ts';
import { Badge } from './panel.tsx';
import { formatMs } from './words.ts';

const kinds: readonly Kind[] = ['MISS', 'HIT', '304'];

/** How long the answers took: the median of each way to an answer, procedure by procedure, the slowest first. */
export function Speed() {
  const queries = useExchanges().filter(({ isMutation, isShared }) => !isMutation && !isShared);
  const rows = [...new Set(queries.map(({ path }) => path))].map((path) => rowOf(path, queries));
  rows.sort((one, other) => other.most - one.most);
  const most = Math.max(1, ...rows.map((row) => row.most));
  return (
    <section className="panel" aria-label="Speed">
      <header>
        <h3>How long an answer takes</h3>
      </header>
      <dl className="speed">
        {rows.map(({ path, bars, gain }) => (
          <div key={path}>
            <dt>
              {path} <small>{gain >= 2 && `${Math.round(gain)} × faster`}</small>
            </dt>
            {bars.map(({ kind, ms }) => (
              <dd key={kind} className={`kind-${kind}`}>
                <Badge kind={kind} />
                <span className="bar" style={{ inlineSize: `${Math.max(0.5, (ms / most) * 100)}%` }} />
                <small>{formatMs(ms)}</small>
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  );
}

function rowOf(path: string, queries: readonly Exchange[]) {
  const bars = kinds.flatMap((kind) => {
    const ms = median(queries.filter((query) => query.path === path && query.kind === kind));
    return ms === undefined ? [] : [{ kind, ms }];
  });
  const times = bars.map(({ ms }) => ms);
  const computed = bars.find(({ kind }) => kind === 'MISS');
  return {
    path,
    bars,
    most: Math.max(0, ...times),
    /** How many times faster the cache is. */
    gain: computed === undefined ? 0 : computed.ms / Math.min(...times),
  };
}

function median(exchanges: readonly Exchange[]): number | undefined {
  const times = exchanges.map(({ ms }) => ms).sort((one, other) => one - other);
  return times[Math.floor((times.length - 1) / 2)];
}
