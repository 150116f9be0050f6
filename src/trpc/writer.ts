// Docs: docs/clients.md#what-is-told
import type { HttpSettings } from '../http-options.ts';
import type { Calls, GetRawInput } from './calls.ts';
import { composeHeaders, type HeaderSource, type OuterResponse } from './headers.ts';
import { type TellingParts, toldText } from './tell.ts';

/** What is known of a response to mutations. */
interface Mutations {
  readonly type: string;
  readonly eagerGeneration?: boolean;
  readonly info?: { readonly calls: readonly { readonly path: string; readonly getRawInput: GetRawInput }[] };
}

/** What {@link tellWriter} needs of the HTTP layer. */
export interface WriterParts extends TellingParts {
  readonly options: HttpSettings;
}

/** Gives the client of mutations what its next queries need: the sign they are known by, and what was invalidated. */
export function tellWriter<Meta extends { headers?: HeaderSource }>(
  { type, eagerGeneration: isAhead = false, info }: Mutations,
  user: Meta,
  outer: OuterResponse,
  parts: WriterParts,
): Meta {
  if (type !== 'mutation' || info === undefined) return user;
  const { readYourWritesMs, tellInvalidated: name } = parts.options;
  const seconds = isAhead || !hasWritten(info.calls, parts.calls) ? 0 : Math.ceil(readYourWritesMs / 1_000);
  const told = name === false ? undefined : toldText(info.calls, isAhead, parts);
  if (seconds === 0 && told === undefined) return user;
  const headers = composeHeaders(user.headers, outer);
  if (seconds > 0) headers.cookie(`trpc-cached-exact=1; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax`);
  if (name !== false && told !== undefined) headers.add(name, told);
  return { ...user, headers: headers.done() };
}

const hasWritten = (mutations: readonly { readonly getRawInput: GetRawInput }[], calls: Calls): boolean =>
  mutations.some(({ getRawInput }) => calls.find(getRawInput)?.wrote === true);
