/** What one user changed that others may be looking at. */
export interface Announcement {
  by: string;
  path: string;
}

const listeners = new Set<(announcement: Announcement) => void>();

/** Tells everybody who listens in this process. An app of many processes would publish this, with Redis for example. */
export function announce(announcement: Announcement) {
  for (const listener of listeners) listener(announcement);
}

/** The announcements from now on, until the caller has gone. */
export async function* announcements(signal: AbortSignal | undefined) {
  const waiting: Announcement[] = [];
  let wake = () => {};
  const listener = (announcement: Announcement) => {
    waiting.push(announcement);
    wake();
  };
  listeners.add(listener);
  signal?.addEventListener('abort', () => wake());
  try {
    while (!signal?.aborted) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    listeners.delete(listener);
  }
}
