import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

/** The files of the page by their paths. */
export type Page = ReadonlyMap<string, { type: string; text: string }>;

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>World cities, cached</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/main.css">
<script type="module" src="/main.js"></script>
</head>
<body><div id="root"></div></body>
</html>
`;

/** Bundles the page in memory, in a quarter of a second: there is no step to build it. */
export async function bundlePage(options: BuildOptions = {}): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./page/main.tsx', import.meta.url))],
    outdir: '/',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
    ...options,
    write: false,
  });
  const textOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return new Map([
    ['/', { type: 'text/html', text: html }],
    ['/main.js', { type: 'text/javascript', text: textOf('.js') }],
    ['/main.css', { type: 'text/css', text: textOf('.css') }],
  ]);
}
