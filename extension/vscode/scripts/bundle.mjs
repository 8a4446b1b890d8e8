/** What the extension is bundled into: the extension (for Node and for the web), the renderer, the pages of webviews. */
import { readFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

const here = new URL('..', import.meta.url).pathname;

/** The renderer is one file: its style sheets are texts in it. */
const styleAsText = {
  name: 'style-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: 'es2022' });
      return { contents: code, loader: 'text' };
    });
  }
};

/**
 * Builds all bundles into `outdir`; returns esbuild's results.
 *
 * `plugins` come before our own; with `write: false` the results hold the files and none is written.
 */
export function bundle(outdir, { plugins = [], write = true } = {}) {
  const shared = {
    absWorkingDir: here,
    outdir,
    write,
    plugins,
    bundle: true,
    minify: true,
    target: 'es2022',
    legalComments: 'inline',
    logLevel: 'warning',
    metafile: true
  };
  const host = { ...shared, format: 'cjs', external: ['vscode'] };
  return Promise.all([
    build({ ...host, entryPoints: { extension: 'src/host/extension.ts' }, platform: 'node' }),
    build({ ...host, entryPoints: { 'web/extension': 'src/host/extension.ts' }, platform: 'browser' }),
    build({
      ...shared,
      entryPoints: { renderer: 'src/renderer/index.ts' },
      format: 'esm',
      plugins: [...plugins, styleAsText]
    }),
    build({
      ...shared,
      entryPoints: {
        'pages/details': 'src/pages/details.ts',
        'pages/comparison': 'src/pages/comparison.ts',
        'pages/style': 'src/pages/style.css'
      },
      format: 'esm'
    })
  ]);
}
