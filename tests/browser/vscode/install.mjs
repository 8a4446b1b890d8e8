/**
 * Installs a real VS Code that a browser can open into .tools/vscode, for the tests: code-server from the package registry,
 * and the Node.js it needs, whatever the machine's own is. Nothing is compiled: the native parts of VS Code's server
 * (kerberos, sqlite, a watcher) stay unbuilt, and nothing that is tested here uses them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';

const CODE_SERVER = '4.139.1';
const NODE = '24.21.0';

const root = new URL('../../../.tools/vscode/', import.meta.url).pathname;
const modules = `${root}node_modules`;
const node = `node-${process.platform}-${process.arch}`;

function npm(folder, ...words) {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', [...words, ...options], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${modules}/${node}/bin:${process.env.PATH}` }
  });
  if (status !== 0) {
    throw new Error(`npm ${words.join(' ')} failed in ${folder}`);
  }
}

await mkdir(root, { recursive: true });
await writeFile(
  `${root}package.json`,
  JSON.stringify({ private: true, dependencies: { 'code-server': CODE_SERVER, [node]: NODE } }, null, 2)
);
npm(root, 'install', '--no-package-lock');
for (const folder of ['', '/extensions']) {
  npm(`${modules}/code-server/lib/vscode${folder}`, 'install', '--omit=dev');
}
if (!existsSync(`${modules}/code-server/out/node/entry.js`)) {
  throw new Error(`code-server ${CODE_SERVER} has no server where it had one`);
}
console.log(`VS Code for the tests: code-server ${CODE_SERVER} in ${root}`);
