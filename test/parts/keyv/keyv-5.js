export { Keyv } from 'keyv';
