export { Keyv } from 'keyv-6';
