// One run of one part, in a process of its own: what one part leaves behind is not felt by the next.
import type { Settings } from './group.ts';
import { type PartName, parts } from './parts.ts';

const [name = '', settings = ''] = process.argv.slice(2);
const measure = await parts[name as PartName].load();
const groups = await measure(JSON.parse(settings) as Settings);
process.send?.(groups, () => process.exit());
