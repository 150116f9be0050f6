import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from './postgres.ts';

const count = new Intl.NumberFormat('en');

/** A bar in a terminal, a few plain lines anywhere else. */
export function showProgress() {
  const bar = new SingleBar(
    { format: 'Loading cities {bar} {percentage} %  {loaded} of {all}', hideCursor: true, barsize: 40 },
    Presets.shades_classic,
  );
  let started = false;
  let nextLine = 0.25;

  return ({ loaded, total }: Progress) => {
    const texts = { loaded: count.format(loaded), all: count.format(total) };
    if (process.stderr.isTTY) {
      if (!started) bar.start(total, 0, texts);
      bar.update(loaded, texts);
      if (loaded === total) bar.stop();
    } else if (loaded / total >= nextLine) {
      console.log(`Loaded ${texts.loaded} of ${texts.all} cities`);
      nextLine += 0.25;
    }
    started = true;
  };
}
