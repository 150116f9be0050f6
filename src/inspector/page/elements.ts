// Docs: docs/inspector.md
import { wordHeader } from '../origin.ts';

/** Elements and how figures are written. */
export const elements: string = `
const $ = (id) => document.getElementById(id);
const word = document.querySelector('meta[name=word]').content;

// Nothing here takes HTML: what comes from outside is a text node or the value of an attribute.
function make(name, props, ...children) {
  const [tag, drawn] = name.split('@');
  const node = drawn !== undefined ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === false || value === undefined) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== undefined && child !== false));
  return node;
}
const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
  return node;
};
const show = (node, isThere) => { node.hidden = !isThere; };
// Puts these into a node, in this order. Those that are there already are not taken out: focus and selection stay.
function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => { if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null); });
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const some = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const number = (n) => whole.format(n);
const two = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });
const units = [['d', 86400000], ['h', 3600000], ['min', 60000], ['s', 1000]];
// In one unit for what was measured, in two for what a clock counts.
function span(ms) {
  if (ms < 1000) return (ms < 10 ? two : whole).format(Math.max(0, ms)) + ' ms';
  const [unit, length] = units.find((one) => ms >= one[1]);
  return (ms < 10 * length ? some : whole).format(ms / length) + ' ' + unit;
}
function clockSpan(ms) {
  if (ms < 1000) return '0 s';
  const at = units.findIndex((one) => ms >= one[1]);
  const [unit, length] = units[at];
  const lower = units[at + 1];
  const rest = lower === undefined ? 0 : Math.floor((ms % length) / lower[1]);
  return Math.floor(ms / length) + ' ' + unit + (rest > 0 ? ' ' + rest + ' ' + lower[0] : '');
}
const size = (bytes) =>
  bytes < 1000 ? number(bytes) + ' B' : bytes < 1e6 ? some.format(bytes / 1e3) + ' kB'
  : bytes < 1e9 ? some.format(bytes / 1e6) + ' MB' : some.format(bytes / 1e9) + ' GB';
const percent = (part, all) => (all === 0 ? '–' : number(Math.floor((100 * part) / all)) + ' %');
const plural = (n, one, many) => number(n) + ' ' + (n === 1 ? one : many);

// As the cache matches: segment by segment, a star at the end is the whole subtree.
function matches(pattern, path) {
  const wanted = pattern.split('.');
  const actual = path.split('.');
  const isTree = wanted.at(-1) === '*';
  if (isTree ? actual.length < wanted.length : actual.length !== wanted.length) return false;
  return wanted.every((segment, index) => segment === '*' || segment === actual[index]);
}
const isPattern = (text) => text.split('.').every((part) => part !== '' && (part === '*' || !part.includes('*')));

async function ask(question) {
  const answer = await fetch(location.pathname, {
    method: 'POST',
    headers: { 'content-type': 'application/json', '${wordHeader}': word },
    body: JSON.stringify(question),
  });
  const body = await answer.json().catch(() => ({ error: 'the server did not answer as the inspector does' }));
  if (!answer.ok || body.error) throw Object.assign(new Error(body.error ?? 'the server answered ' + answer.status), { status: answer.status });
  return body;
}
`;
