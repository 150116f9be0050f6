const number = new Intl.NumberFormat('en');

export const formatCount = (count: number) => number.format(count);
export const formatMs = (ms: number) => `${ms < 10 ? ms.toFixed(1) : number.format(Math.round(ms))} ms`;
export const formatBytes = (bytes: number) => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
};
export const formatLeft = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

/** The name of a country, by its code of ISO 3166. */
export const countryName = (code: string) => {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
};
