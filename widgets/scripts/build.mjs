/** Bundles the widget's ES module and style sheet into codesteer_widgets/static, where the Python package finds them. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

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
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(path => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [])
);
const terms = await Promise.all(
  [...packages].sort().map(async path => {
    const folder = `${here}${path}`;
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find(entry => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(`${folder}/${file}`, 'utf8') : '';
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  })
);
await writeFile(`${out}/licenses.txt`, terms.join(`\n${'-'.repeat(80)}\n\n`));
for (const name of ['widget.js', 'style.css']) {
  const bytes = await readFile(`${out}/${name}`);
  console.log(
    `${name}: ${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes).length / 1000).toFixed(1)} kB gzipped`
  );
}
