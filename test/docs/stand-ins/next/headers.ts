// Stands for `next/headers`: Next is too large to install for one test.
let current = new Headers();

/** The headers of the request that is rendered. */
export const headers = async (): Promise<Headers> => current;

/** Says whose request is rendered from now on. */
export const arrive = (of: Record<string, string>): void => {
  current = new Headers(of);
};
