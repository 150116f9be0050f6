import type { CreateHTTPContextOptions } from '@trpc/server/adapters/standalone';
import type { Database } from './database.ts';

export interface User {
  id: string;
  name: string;
}

export interface Context {
  database: Database;
  user: User | null;
}

/** A real app would look up a session here. */
const usersByToken = new Map<string, User>([
  ['token-of-ada', { id: 'ada', name: 'Ada' }],
  ['token-of-grace', { id: 'grace', name: 'Grace' }],
]);

export const contextFor =
  (database: Database) =>
  ({ req }: CreateHTTPContextOptions): Context => {
    const token = req.headers.authorization?.replace(/^Bearer /, '') ?? '';
    return { database, user: usersByToken.get(token) ?? null };
  };
