import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Progress, Question } from './postgres.ts';

/** PostgreSQL in a process next to this one. It lives in memory: every run begins with the same data. */
export interface Database {
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** How many queries it was asked: this shows what the cache saves. */
  readonly queries: number;
  close(): Promise<void>;
}

/** Starts the database and waits until its data is loaded. */
export async function openDatabase(onProgress: (progress: Progress) => void): Promise<Database> {
  const postgres = fork(fileURLToPath(new URL('./postgres.ts', import.meta.url)), { serialization: 'advanced' });
  const waiting = new Map<number, { resolve: (rows: any[]) => void; reject: (error: Error) => void }>();
  let queries = 0;

  postgres.on('message', (message: Progress | Answer) => {
    if ('total' in message) return onProgress(message);
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if ('rows' in message) caller?.resolve(message.rows);
    else caller?.reject(new Error(message.error));
  });
  postgres.on('exit', () => {
    for (const caller of waiting.values()) caller.reject(new Error('The database has ended.'));
    waiting.clear();
  });

  const query = <Row>(sql: string, parameters: unknown[] = []) =>
    new Promise<Row[]>((resolve, reject) => {
      const id = ++queries;
      waiting.set(id, { resolve, reject });
      postgres.send({ id, sql, parameters } satisfies Question);
    });

  await query('select 1'); // answered when everything is loaded
  return {
    query,
    get queries() {
      return queries;
    },
    async close() {
      if (postgres.exitCode !== null || postgres.signalCode !== null) return; // Ctrl+C reached it first
      postgres.kill();
      await once(postgres, 'exit');
    },
  };
}
