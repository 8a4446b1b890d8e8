/** The terms of other people's work that a bundle carries. */
import { readFile, readdir } from 'node:fs/promises';

/** Returns the licences of the packages that esbuild's `metafile`s (made in `folder`) name, as one text. */
export async function termsOf(folder, ...metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = new Set(inputs.flatMap(path => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const terms = await Promise.all([...packages].sort().map(path => termsOfPackage(`${folder}${path}`)));
  return terms.join(`\n${'-'.repeat(80)}\n\n`);
}

async function termsOfPackage(folder) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
  const file = (await readdir(folder)).find(entry => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(`${folder}/${file}`, 'utf8') : '';
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
