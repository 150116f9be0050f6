// Docs: docs/inspector.md#safety
import { CacheError } from '../errors.ts';
import { everyone, type ScopeValue } from '../key.ts';
import { errorLabel } from '../label.ts';
import type { Cache } from '../surface.ts';
import { isPattern, type Target } from '../targets.ts';
import { mostBytes, tooLong } from './answers.ts';

/** What an action may do, and for whom. */
export interface ActionParts<C> {
  readonly readOnly: boolean;
  readonly context: ((request: Request) => C | Promise<C>) | undefined;
}

/** What became of it. */
export interface ActionAnswer {
  readonly status: number;
  readonly body: unknown;
}

const refused = (error: string, status = 400): ActionAnswer => ({ status, body: { error } });

/** Does what the page asks for. What was asked is not trusted: a wrong question is an answer, not a failure. */
export async function actOn<C>(request: Request, cache: Cache<C>, parts: ActionParts<C>): Promise<ActionAnswer> {
  const sent = await request.arrayBuffer();
  if (sent.byteLength > mostBytes) return refused(tooLong, 413);
  let asked: Record<string, unknown>;
  try {
    asked = { ...JSON.parse(new TextDecoder().decode(sent)) };
  } catch {
    return refused('the body is not JSON');
  }
  try {
    if (asked.action === 'entries') return await entries(asked, cache);
    if (asked.action === 'explain') return await explain(asked, request, cache, parts);
    if (asked.action === 'invalidate') return await invalidate(asked, cache, parts);
    return refused('no such action');
  } catch (error) {
    const label = errorLabel(error, true);
    return refused(error instanceof CacheError ? label : `it failed (${label})`);
  }
}

const pageAsked = ({ match, limit, cursor }: Record<string, unknown>) => ({
  ...(typeof match === 'string' && { match }),
  ...(typeof limit === 'number' && { limit }),
  ...(typeof cursor === 'string' && { cursor }),
});

async function entries<C>(asked: Record<string, unknown>, cache: Cache<C>): Promise<ActionAnswer> {
  try {
    return { status: 200, body: await cache.entries(pageAsked(asked)) };
  } catch (error) {
    if (!(error instanceof CacheError)) return refused(`the store failed (${errorLabel(error, true)})`, 503);
    if (error.code === 'STORE') return refused(errorLabel(error, true), 503);
    throw error;
  }
}

async function explain<C>(
  { path, input, ...asked }: Record<string, unknown>,
  request: Request,
  cache: Cache<C>,
  { context }: ActionParts<C>,
): Promise<ActionAnswer> {
  if (typeof path !== 'string') return refused('a path is missing');
  const scope = scopeAsked(asked.scope);
  const ctx = await context?.(request);
  return { status: 200, body: await cache.explain(path, input, ctx, scope === undefined ? {} : { scope }) };
}

async function invalidate<C>(
  { kind, value, mode }: Record<string, unknown>,
  cache: Cache<C>,
  { readOnly }: ActionParts<C>,
): Promise<ActionAnswer> {
  if (readOnly) return refused('this inspector is read only', 403);
  if (typeof value !== 'string' || value === '') return refused('a target is missing');
  const target = targetAsked(kind, value);
  if (target === undefined) return refused('this is not a target');
  try {
    return {
      status: 200,
      body: await cache.invalidate(target, { mode: mode === 'expire' ? 'expire' : 'remove' }),
    };
  } catch (error) {
    if (error instanceof CacheError && error.code === 'NOT_ACKNOWLEDGED') return refused(error.message, 503);
    throw error;
  }
}

function targetAsked(kind: unknown, value: string): Target | undefined {
  if (kind === 'tag') return { tag: value };
  if (kind === 'scope') return { scope: value };
  return kind === 'path' && isPattern(value) && !value.startsWith('.') ? value : undefined;
}

/** `{ kind: 'everyone' | 'signed-out' | 'private', value }`; nothing where the context is to say it. */
function scopeAsked(scope: unknown): ScopeValue | undefined {
  const { kind, value } = (scope ?? {}) as { kind?: unknown; value?: unknown };
  if (kind === 'everyone') return everyone;
  if (kind === 'signed-out') return null;
  return kind === 'private' && typeof value === 'string' && value !== '' ? value : undefined;
}
