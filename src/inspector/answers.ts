// Docs: docs/inspector.md#safety

/** What every answer carries. */
export const guarded = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** How long a question of the page may be, in bytes. */
export const mostBytes = 65_536;
/** What is said to a longer one, with 413. */
export const tooLong = 'the question is too long';

/** An answer for the script of the page. */
export const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { ...guarded, 'content-type': 'application/json' } });

/** Whether a method has an answer at all. A Request cannot even be made of some others, such as TRACE. */
export const isAnswered = (method: string): boolean => ['GET', 'HEAD', 'POST'].includes(method);

/** The answer to any other method. */
export const notAllowed = (): Response =>
  new Response(null, { status: 405, headers: { ...guarded, allow: 'GET, HEAD, POST' } });
