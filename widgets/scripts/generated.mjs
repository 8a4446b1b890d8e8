/** Files of src that are made from others of the repository. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/**
 * Writes `text` as src/`name`, formatted. With --check on the command line it writes nothing, and the process fails when
 * the committed file is stale.
 */
export async function generate(name, text) {
  const target = new URL(`../src/${name}`, import.meta.url);
  const options = await resolveConfig(target.pathname);
  const wanted = await format(text, { ...options, parser: 'typescript' });
  const present = await readFile(target, 'utf8').catch(() => '');
  if (wanted === present) {
    return;
  }
  if (process.argv.includes('--check')) {
    console.error(`widgets/src/${name} is stale: run \`npm run types\`.`);
    process.exitCode = 1;
  } else {
    await writeFile(target, wanted);
  }
}
