/** Prints what the built extension weighs, and fails when it weighs more than it may. */
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

/** In kilobytes, gzipped. */
const MOST = 250;

const folder = new URL('../labextension/static/', import.meta.url);
const names = (await readdir(folder)).filter(name => name.endsWith('.js')).sort();
let all = 0;
for (const name of names) {
  const size = gzipSync(await readFile(new URL(name, folder))).length / 1000;
  all += size;
  console.log(`${name}: ${size.toFixed(1)} kB gzipped`);
}
console.log(`the JupyterLab extension: ${all.toFixed(1)} kB gzipped, of ${MOST} kB`);
if (all > MOST) {
  process.exitCode = 1;
}
