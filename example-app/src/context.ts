import type { World } from './world.ts';

export interface User {
  id: string;
  name: string;
}

export interface Context {
  world: World;
  user: User | null;
  /** Keeps work alive behind a response, where the runtime would end it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** A real app would look up a session here. */
const usersByToken = new Map<string, User>([
  ['token-of-ada', { id: 'ada', name: 'Ada' }],
  ['token-of-grace', { id: 'grace', name: 'Grace' }],
]);

export const userOf = (authorization: string | null | undefined): User | null =>
  usersByToken.get(authorization?.replace(/^Bearer /, '') ?? '') ?? null;
