/** Bundles the extension (for Node and for the web), the notebook renderer and the pages of webviews into dist. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

import { printSizes } from '../../../widgets/scripts/size.mjs';
import { termsOf } from '../../../widgets/scripts/terms.mjs';

const here = new URL('..', import.meta.url).pathname;
const out = `${here}dist`;

/** The renderer is one file: its style sheet is a text in it. */
const styleAsText = {
  name: 'style-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: 'es2022' });
      return { contents: code, loader: 'text' };
    });
  }
};

const shared = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: true,
  target: 'es2022',
  legalComments: 'inline',
  logLevel: 'warning',
  metafile: true
};
const host = { ...shared, format: 'cjs', external: ['vscode'] };

await rm(out, { recursive: true, force: true });
const built = await Promise.all([
  build({ ...host, entryPoints: { extension: 'src/host/extension.ts' }, platform: 'node' }),
  build({ ...host, entryPoints: { 'web/extension': 'src/host/extension.ts' }, platform: 'browser' }),
  build({ ...shared, entryPoints: { renderer: 'src/renderer/index.ts' }, format: 'esm', plugins: [styleAsText] }),
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

// The bundles carry other people's work: their terms travel with them.
const metafiles = built.map(({ metafile }) => metafile);
await writeFile(`${out}/licenses.txt`, await termsOf(here, ...metafiles));
const files = metafiles.flatMap(({ outputs }) => Object.keys(outputs)).map(path => path.replace(/^dist\//, ''));
await printSizes(out, files);
