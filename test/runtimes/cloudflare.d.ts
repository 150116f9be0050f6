declare module 'cloudflare:workers' {
  /** The bindings that the configuration of the tests gives. */
  export const env: { SETTINGS: import('./settings.ts').Settings };
}
