/** Prints how large built files are. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

/** Prints one line for each of the files of `folder`. */
export async function printSizes(folder, names) {
  for (const name of names) {
    const bytes = await readFile(`${folder}/${name}`);
    const [whole, zipped] = [bytes, gzipSync(bytes)].map(({ length }) => (length / 1000).toFixed(1));
    console.log(`${name}: ${whole} kB, ${zipped} kB gzipped`);
  }
}
