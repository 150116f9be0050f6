// Docs: docs/clients.md#what-is-told

/** What a client is told of one invalidation: a path or pattern of its router, and one input of it as JSON. */
export interface ToldPath {
  readonly path: string;
  readonly input?: string;
}

// Some proxies have 4 kB for all headers of a response.
const mostCharacters = 1_024;

const everything = '"*"';

/**
 * What was invalidated, as a list of strings (RFC 9651 section 3.1), each path with its input as parameter `i`. What does not fit
 * is told without inputs, then as `*`: too much, never too little. Nothing, where nothing was invalidated.
 *
 * @example
 * toldHeader([{ path: 'post.list' }, { path: 'post.byId', input: '{"id":7}' }]); // '"post.list", "post.byId";i="{\"id\":7}"'
 */
export function toldHeader(told: readonly ToldPath[]): string | undefined {
  if (told.length === 0) return undefined;
  const whole = new Set(told.flatMap(({ path, input }) => (input === undefined ? [path] : [])));
  if (whole.has('*') || told.some(({ path }) => !/^[\x20-\x7e]+$/.test(path))) return everything;
  const exact = told.filter(({ path }) => !whole.has(path));
  const texts = [
    [...whole].map((path) => quoted(path)),
    exact.map(({ path, input }) => `${quoted(path)};i=${quoted(inAscii(input ?? ''))}`),
  ];
  const withInputs = [...new Set(texts.flat())].join(', ');
  if (withInputs.length <= mostCharacters) return withInputs;
  const paths = [...new Set(told.map(({ path }) => quoted(path)))].join(', ');
  return paths.length <= mostCharacters ? paths : everything;
}

/** For a response whose headers are sent before its mutations run: anything, as each of them ends. */
export const toldAhead = `${everything};ahead`;

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** JSON without what no header can carry. */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
