import { type ReactNode, useEffect, useState } from 'react';
import { type Exchange, type Kind, useLast } from './exchanges.ts';
import { formatBytes, formatLeft, formatMs } from './words.ts';

const meanings: Record<Kind, string> = {
  MISS: 'computed by the database',
  HIT: 'from the cache',
  STALE: 'from the cache, and renewed behind it',
  BYPASS: 'without the cache',
  '304': 'unchanged: no body was sent',
  WRITE: 'written',
  ERROR: 'failed',
};

export const Badge = ({ kind }: { kind: Kind }) => (
  <span className={`badge kind-${kind}`} title={meanings[kind]}>
    {kind}
  </span>
);

/** What a query shows, below what its last request cost. It lights up in the colour of every answer that comes. */
export function Panel(props: { who: string; path: string; title: string; children: ReactNode }) {
  const { who, path, title, children } = props;
  const last = useLast(who, path);
  return (
    <section className={`panel kind-${last?.kind ?? 'none'}`} aria-label={`${title}, ${who}`} data-path={path}>
      {last && <span className="flash" key={last.id} />}
      <header>
        <h3>{title}</h3>
        {last ? <Cost exchange={last} /> : <span className="cost">…</span>}
      </header>
      {children}
    </section>
  );
}

function Cost({ exchange }: { exchange: Exchange }) {
  const { kind, ms, bytes, freshFor, endedAt, isSame, isShared } = exchange;
  return (
    <p className="cost">
      <Badge kind={kind} /> <span>{formatMs(ms)}</span> <span>{formatBytes(bytes)}</span>{' '}
      {isShared && <span title="it waited for the query of another">shared</span>}{' '}
      {isSame && kind !== '304' && <span title="computed, and the same as before: a 304">same</span>}
      <Left key={exchange.id} from={freshFor ?? 600} endedAt={endedAt} isKnown={kind !== 'WRITE' && kind !== 'ERROR'} />
    </p>
  );
}

/** How much longer the answer is fresh. Of what was just computed that is its whole ttl. */
function Left({ from, endedAt, isKnown }: { from: number; endedAt: number; isKnown: boolean }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = from - (now - endedAt) / 1000;
  return (
    isKnown && <span title="how much longer the answer is fresh">{left > 0 ? `${formatLeft(left)} left` : 'over'}</span>
  );
}
