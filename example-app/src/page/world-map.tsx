import { useQuery } from '@tanstack/react-query';
import { type MouseEvent, useEffect, useRef } from 'react';
import { type City, type Point, squaresPerDegree } from '../world.ts';
import { Panel } from './panel.tsx';
import type { Session } from './session.ts';
import { formatCount } from './words.ts';

// From Svalbard to Cape Horn: beyond there is nobody.
const [north, south] = [80, -56];
const [width, height] = [360 * squaresPerDegree, (north - south) * squaresPerDegree];

/** Where a user is, and who. */
export interface Marker {
  id: string;
  who: string;
  at: Point;
}

/** Every city of the world, by the square that it is in. */
export function WorldMap(props: { session: Session; markers: Marker[]; goer: string; onGo: (point: Point) => void }) {
  const { session, markers, goer, onGo } = props;
  const { data: squares } = useQuery(session.queries.map(), session.queryClient);
  const canvas = useRef<HTMLCanvasElement>(null);
  const cities = squares?.reduce((sum, value, index) => (index % 3 === 2 ? sum + value : sum), 0) ?? 0;

  useEffect(() => {
    if (canvas.current && squares) draw(canvas.current, squares);
  }, [squares]);

  function go({ clientX, clientY, currentTarget, detail }: MouseEvent<HTMLButtonElement>) {
    const box = currentTarget.getBoundingClientRect();
    // Pressed by a key it is pointed at nothing: somewhere, then.
    const [across, down] =
      detail === 0
        ? [Math.random(), Math.random()]
        : [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
    const inSquares = (degrees: number) => Math.round(degrees * squaresPerDegree) / squaresPerDegree;
    onGo({ lat: inSquares(north - down * (north - south)), lng: inSquares(across * 360 - 180) });
  }

  return (
    <Panel who={session.who} path="city.map" title={cities ? `${formatCount(cities)} cities` : 'The world'}>
      <button type="button" className="map" onClick={go} aria-label={`Map of the world: ${goer} goes where you point`}>
        <canvas ref={canvas} width={width} height={height} />
        {markers.map(({ id, who, at }) => (
          <span
            key={id}
            className={`marker ${id}`}
            title={who}
            style={{
              insetInlineStart: `${((at.lng + 180) / 360) * 100}%`,
              insetBlockStart: `${((north - at.lat) / (north - south)) * 100}%`,
            }}
          />
        ))}
      </button>
      <p className="quiet">Point at the map, and {goer} goes there.</p>
    </Panel>
  );
}

/** Where a user's city is, as far as the session knows it. */
export function useMarker({ id, who, queryClient, queries }: Session, cityId: number | undefined): Marker[] {
  const { data } = useQuery<City>({ ...queries.city({ id: cityId ?? 0 }), enabled: false }, queryClient);
  return data === undefined ? [] : [{ id, who, at: data }];
}

/** Opaque where there are many cities. The style sheet turns it around where the page is light. */
function draw(canvas: HTMLCanvasElement, squares: number[]) {
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(width, height);
  const top = (90 - north) * squaresPerDegree;
  for (let index = 0; index < squares.length; index += 3) {
    const [x = 0, y = 0, cities = 0] = squares.slice(index, index + 3);
    if (y < top || y >= top + height) continue;
    image.data.set([255, 255, 255, Math.min(255, 90 + 55 * Math.log2(cities))], ((y - top) * width + x) * 4);
  }
  context.putImageData(image, 0, 0);
}
