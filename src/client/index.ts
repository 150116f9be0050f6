export {
  type ConditionalFetch,
  type ConditionalFetchOptions,
  conditionalFetch,
  type Fetch,
  type FetchInit,
} from './fetch.ts';
export {
  type InvalidationLink,
  type InvalidationLinkOptions,
  invalidationLink,
  type Matches,
  type Results,
} from './link.ts';
export type { Invalidated } from './told.ts';
