export { KeyvMemcache } from '@keyv/memcache';
