/** Builds the bundles into dist, with the terms of other people's work in them. */
import { rm, writeFile } from 'node:fs/promises';

import { printSizes } from '../../../widgets/scripts/size.mjs';
import { termsOf } from '../../../widgets/scripts/terms.mjs';
import { bundle } from './bundle.mjs';

const here = new URL('..', import.meta.url).pathname;
const out = `${here}dist`;

await rm(out, { recursive: true, force: true });
const metafiles = (await bundle(out)).map(({ metafile }) => metafile);
await writeFile(`${out}/licenses.txt`, await termsOf(here, ...metafiles));
const files = metafiles.flatMap(({ outputs }) => Object.keys(outputs)).map(path => path.replace(/^dist\//, ''));
await printSizes(out, files);
