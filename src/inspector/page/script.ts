// Docs: docs/inspector.md
import { charts } from './charts.ts';
import { elements } from './elements.ts';
import { entries } from './entries.ts';
import { explaining } from './explaining.ts';
import { feed } from './feed.ts';
import { invalidating } from './invalidating.ts';
import { losses } from './losses.ts';
import { procedures } from './procedures.ts';
import { totals } from './totals.ts';
import { watch } from './watch.ts';

const parts = [elements, totals, charts, procedures, losses, entries, feed, invalidating, explaining, watch].join('\n');

/**
 * Without comments and without spaces that mean nothing. Texts, all of them in single quotes, stay as they are, and so does what
 * stands around `+`, `-` and `/`, which may mean something else without a space.
 */
const sent = parts.replace(
  /('[^'\n]*')|^ *\/\/.*\n|^\s+| ?(=>|[=!<>]=+|&&|\|\||[<>=?:,;()[\]{}]) ?/gm,
  (_, text: string | undefined, sign: string | undefined) => text ?? sign ?? '',
);

/**
 * The script of the page, in parts of plain JavaScript: functions that are turned into texts would be whatever a bundler made of
 * them. Its tests run it in a browser. Texts from outside reach the page as text nodes alone.
 */
export const script: string = `'use strict';(()=>{${sent}})();`;
