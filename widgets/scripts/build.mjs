/** Bundles the widget's ES module and style sheet into codesteer_widgets/static, where the Python package finds them. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = new URL('..', import.meta.url).pathname;
const out = `${here}codesteer_widgets/static`;

await build({
  absWorkingDir: here,
  entryPoints: { widget: 'src/widget.ts', style: 'src/style.css' },
  outdir: out,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'inline',
  logLevel: 'warning'
});
for (const name of ['widget.js', 'style.css']) {
  const bytes = await readFile(`${out}/${name}`);
  console.log(
    `${name}: ${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes).length / 1000).toFixed(1)} kB gzipped`
  );
}
