// Stands for `next/server`, as far as the recipe goes.
const behind: Promise<unknown>[] = [];

/** Runs work behind the response. */
export const after = (work: () => Promise<unknown>): void => void behind.push(work());

/** How much work was handed over; resolves when it is done. */
export const finished = async (): Promise<number> => (await Promise.all(behind)).length;
