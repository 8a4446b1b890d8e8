/** Bundles the widget's ES module and style sheet into codesteer_widgets/static, where the Python package finds them. */
import { writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

import { printSizes } from './size.mjs';
import { termsOf } from './terms.mjs';

const here = new URL('..', import.meta.url).pathname;
const out = `${here}codesteer_widgets/static`;

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { widget: 'src/widget.ts', style: 'src/style.css' },
  outdir: out,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'inline',
  logLevel: 'warning',
  metafile: true
});

// The bundle carries other people's work: their terms travel with it.
await writeFile(`${out}/licenses.txt`, await termsOf(here, metafile));
await printSizes(out, ['widget.js', 'style.css']);
