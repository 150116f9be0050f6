import { QueryClientProvider, useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useDeferredValue, useEffect, useState } from 'react';
import type { Point } from '../world.ts';
import { Panel } from './panel.tsx';
import type { Session } from './session.ts';
import { countryName, formatCount } from './words.ts';

/** Where a user is: at a city, or at a point of the map until its nearest city is known. */
export interface Place {
  cityId?: number;
  point?: Point;
}

interface ColumnProps {
  session: Session;
  place: Place;
  onGo: (place: Place) => void;
}

/** What one user sees. */
export function Column({ onEnter, ...props }: ColumnProps & { onEnter: (session: Session) => void }) {
  const { who, id, queryClient } = props.session;
  return (
    <QueryClientProvider client={queryClient}>
      <section className="column" aria-label={who} data-user={id} onFocus={() => onEnter(props.session)}>
        <h2>
          <span className={`marker ${id}`} aria-hidden="true" /> {who}
        </h2>
        <Search {...props} />
        <CityCard {...props} />
        <Nearest {...props} />
        <Favourites {...props} />
        <Statistics {...props} />
      </section>
    </QueryClientProvider>
  );
}

function Search({ session, place, onGo }: ColumnProps) {
  const [text, setText] = useState('nairobi');
  const wanted = useDeferredValue(text.trim());
  const { data } = useQuery({
    ...session.queries.search({ text: wanted }),
    enabled: wanted.length >= 2,
    placeholderData: (before) => before,
  });
  const first = data?.[0]?.id;
  const isNowhere = place.cityId === undefined && place.point === undefined;
  useEffect(() => {
    if (isNowhere && first !== undefined) onGo({ cityId: first });
  }, [isNowhere, first, onGo]);

  return (
    <Panel who={session.who} path="city.search" title="Search">
      <input
        type="search"
        aria-label={`Part of a name, ${session.who}`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul className="results">
        {data?.slice(0, 5).map(({ id, name, country }) => (
          <li key={id}>
            <button type="button" aria-pressed={id === place.cityId} onClick={() => onGo({ cityId: id })}>
              {name} <small>{countryName(country)}</small>
            </button>
          </li>
        ))}
        {data?.length === 0 && <li className="quiet">No city has that in its name.</li>}
      </ul>
    </Panel>
  );
}

function CityCard({ session, place }: ColumnProps) {
  const { trpc, queries, who } = session;
  const id = place.cityId ?? 0;
  const { data: city } = useQuery({ ...queries.city({ id }), enabled: place.cityId !== undefined });
  const rename = useMutation({ mutationFn: (name: string) => trpc.city.rename.mutate({ id, name }) });
  const like = useMutation({ mutationFn: () => trpc.favourite.add.mutate({ cityId: id }) });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    if (name !== '' && name !== city?.name) rename.mutate(name);
  }

  return (
    <Panel who={who} path="city.byId" title="City">
      {city && (
        <>
          <p className="name">
            <strong>{city.name}</strong>{' '}
            <small>
              {countryName(city.country)}, {Math.abs(city.lat).toFixed(1)}° {city.lat < 0 ? 'S' : 'N'},{' '}
              {Math.abs(city.lng).toFixed(1)}° {city.lng < 0 ? 'W' : 'E'}
            </small>
          </p>
          <form className="rename" onSubmit={submit}>
            <input
              name="name"
              key={`${city.id} ${city.name}`}
              defaultValue={city.name}
              aria-label={`New name, ${who}`}
            />
            <button type="submit" disabled={rename.isPending}>
              Rename
            </button>
            <button type="button" onClick={() => like.mutate()} disabled={like.isPending}>
              Like
            </button>
          </form>
          {(rename.error ?? like.error) && <p role="alert">{(rename.error ?? like.error)?.message}</p>}
        </>
      )}
    </Panel>
  );
}

function Nearest({ session, place, onGo }: ColumnProps) {
  const { queries, who } = session;
  const { data: city } = useQuery({
    ...queries.city({ id: place.cityId ?? 0 }),
    enabled: place.cityId !== undefined,
  });
  const point = place.point ?? city;
  const { data, isPlaceholderData } = useQuery({
    ...queries.nearest({ lat: point?.lat ?? 0, lng: point?.lng ?? 0 }),
    enabled: point !== undefined,
    placeholderData: (before) => before,
  });
  // Somebody who pointed at the map is where the first of these is.
  const first = data?.[0]?.id;
  const isOnTheWay = place.point !== undefined && place.cityId === undefined && !isPlaceholderData;
  useEffect(() => {
    if (isOnTheWay && first !== undefined) onGo({ ...place, cityId: first });
  }, [isOnTheWay, first, onGo, place]);

  return (
    <Panel who={who} path="city.nearest" title="Nearest">
      <ol className="near">
        {data?.slice(0, 5).map(({ id, name, km }) => (
          <li key={id}>
            <button type="button" onClick={() => onGo({ cityId: id })}>
              {name}
            </button>{' '}
            <small>{km.toFixed(1)} km</small>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Favourites({ session, onGo }: ColumnProps) {
  const { data } = useQuery(session.queries.favourites());
  return (
    <Panel who={session.who} path="favourite.list" title="Favourites, private">
      <ul className="tags">
        {data?.map(({ id, name }) => (
          <li key={id}>
            <button type="button" onClick={() => onGo({ cityId: id })}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Statistics({ session }: ColumnProps) {
  const { data } = useQuery(session.queries.statistics());
  const top = data?.countries.slice(0, 4) ?? [];
  const most = top[0]?.cities ?? 1;
  return (
    <Panel who={session.who} path="country.statistics" title="Statistics">
      <ul className="bars">
        {top.map(({ country, cities }) => (
          <li key={country}>
            <span>{countryName(country)}</span>
            <span className="bar" style={{ inlineSize: `${(cities / most) * 100}%` }} />
            <small>{formatCount(cities)}</small>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
