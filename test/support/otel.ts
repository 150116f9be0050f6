import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// A package of its own: what only few tests need is installed by `test/support/parts.sh otel`, not with the project.
const folder = fileURLToPath(new URL('../parts/otel/', import.meta.url));

/** Whether OpenTelemetry is there. */
export const otelAvailable: boolean = existsSync(`${folder}node_modules/.installed`);

/** The packages of `test/parts/otel`, by a name that the compiler does not follow. */
export const otel = async (): Promise<any> => {
  const name = `${folder}index.js`;
  return import(name);
};
