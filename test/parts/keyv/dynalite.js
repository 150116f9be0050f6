export { default as dynalite } from 'dynalite';
