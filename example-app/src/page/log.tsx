import { type Exchange, useExchanges } from './exchanges.ts';
import { Badge } from './panel.tsx';
import { formatBytes, formatCount, formatMs } from './words.ts';

/** The requests of this page, newest first. */
export function Log() {
  const newest = useExchanges().slice(-80).reverse();
  return (
    <section className="panel log" aria-label="Requests">
      <header>
        <h3>Requests</h3>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys */}
      <section className="scroll" tabIndex={0} aria-label="Requests, newest first">
        <table>
          <thead>
            <tr>
              <th scope="col">Who</th>
              <th scope="col">Call</th>
              <th scope="col">Cache</th>
              <th scope="col">Time</th>
              <th scope="col">Body</th>
            </tr>
          </thead>
          <tbody>
            {newest.map(({ id, who, path, kind, ms, bytes }) => (
              <tr key={id}>
                <td>{who}</td>
                <td>{path}</td>
                <td>
                  <Badge kind={kind} />
                </td>
                <td>{formatMs(ms)}</td>
                <td>{formatBytes(bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** What the cache has saved this page. */
export function Totals() {
  const exchanges = useExchanges();
  const queries = exchanges.filter(({ isMutation }) => !isMutation);
  const computed = queries.filter(({ kind, isShared }) => kind === 'MISS' && !isShared).length;
  const sum = (of: (exchange: Exchange) => number) => exchanges.reduce((all, exchange) => all + of(exchange), 0);
  const facts = [
    ['Queries sent', formatCount(queries.length)],
    ['computed', formatCount(computed)],
    ['Bodies', formatBytes(sum(({ bytes }) => bytes))],
    ['not sent again', formatBytes(sum(({ savedBytes }) => savedBytes))],
  ];
  return (
    <dl className="totals">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What came of the last change, in words. */
export function LastChange() {
  const exchanges = useExchanges();
  const change = exchanges.findLast(({ isMutation }) => isMutation);
  return (
    <p className="change" role="status">
      {change === undefined ? invitation : change.path === 'live.emptyCache' ? emptied : storyOf(change, exchanges)}
    </p>
  );
}

const invitation = 'Rename the city on one side, and see which answers are new on both.';
const emptied =
  'The cache is empty: who asks now waits for the database. Press “Ask again for everything” to see the difference.';

/** What was asked again right after it, by who got something new and who did not. */
function storyOf(change: Exchange, exchanges: readonly Exchange[]): string {
  const after = exchanges.filter(({ isMutation, sentAt }) => {
    const since = sentAt - change.sentAt;
    return !isMutation && since > 0 && since < change.ms + 1500;
  });
  const renewed = after.filter(({ isSame }) => !isSame);
  const unchanged = after.length - renewed.length;
  const done = `${change.who} called ${change.path}.`;
  if (after.length === 0) return done;
  const people = [...new Set(renewed.map(({ who }) => who))].sort();
  const parts = people.map(
    (who) =>
      `for ${who} ${list.format(
        renewed
          .filter((one) => one.who === who)
          .map(nameOf)
          .sort(),
      )}`,
  );
  const rest = unchanged === 0 ? '' : ` The other ${unchanged} asked for again: unchanged, 304, 0 B.`;
  return `${done} New is what it changed: ${parts.join('; ') || 'nothing'}.${rest}`;
}

const list = new Intl.ListFormat('en');
const nameOf = ({ path }: Exchange) => path;
