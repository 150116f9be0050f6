import { useEffect, useState } from 'react';
import { Column, type Place } from './column.tsx';
import { useExchanges } from './exchanges.ts';
import { LastChange, Log, Totals } from './log.tsx';
import { followOthers, openSession, type Session } from './session.ts';
import { Speed } from './speed.tsx';
import { useMarker, WorldMap } from './world-map.tsx';

const guest = openSession('Guest');
const ada = openSession('Ada', 'token-of-ada');
const grace = openSession('Grace', 'token-of-grace');
const sessions: readonly Session[] = [guest, ada, grace];

/** The API from two sides. */
export function App() {
  const [placeOfAda, goAda] = useState<Place>({});
  const [placeOfGrace, goGrace] = useState<Place>({});
  const [goer, setGoer] = useState(ada);
  const markers = [...useMarker(ada, placeOfAda.cityId), ...useMarker(grace, placeOfGrace.cityId)];

  // Grace opens the page a moment later: what Ada waited for is there.
  const answers = useExchanges().filter(({ who }) => who === 'Ada').length;
  const [isGraceHere, setGraceHere] = useState(false);
  useEffect(() => {
    if (answers >= 5) setGraceHere(true);
  }, [answers]);
  useEffect(() => followOthers(sessions), []);

  const askAgain = () => Promise.all(sessions.map(({ queryClient }) => queryClient.invalidateQueries()));
  const emptyCache = async () => {
    await guest.trpc.live.emptyCache.mutate();
    await askAgain();
  };

  return (
    <>
      <header className="top">
        <div>
          <h1>World cities, cached</h1>
          <p>
            Two users of one tRPC API over a PostgreSQL with every city of GeoNames. Each panel says where its answer
            came from: <b className="kind-MISS">MISS</b> the database, <b className="kind-HIT">HIT</b> the cache,{' '}
            <b className="kind-304">304</b> nothing sent, as it is still good.
          </p>
        </div>
        <nav aria-label="Actions">
          <button type="button" onClick={() => void askAgain()}>
            Ask again for everything
          </button>
          <button type="button" onClick={() => void emptyCache()}>
            Empty the cache
          </button>
          <a href="/cache">Inspector</a>
        </nav>
        <Totals />
        <LastChange />
      </header>
      <main>
        <div className="world">
          <WorldMap
            session={guest}
            markers={markers}
            goer={goer.who}
            onGo={(point) => (goer === ada ? goAda : goGrace)({ point })}
          />
        </div>
        <div className="side">
          <Speed />
          <Log />
        </div>
        <Column session={ada} place={placeOfAda} onGo={goAda} onEnter={setGoer} />
        {isGraceHere ? (
          <Column session={grace} place={placeOfGrace} onGo={goGrace} onEnter={setGoer} />
        ) : (
          <section className="column" aria-label="Grace" />
        )}
      </main>
      <footer>
        City data: <a href="https://www.geonames.org">GeoNames</a>, CC BY 4.0
      </footer>
    </>
  );
}
