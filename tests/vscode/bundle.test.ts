// @vitest-environment node
/// <reference types="node" />
/** The bundles run where VS Code runs them: in Node, in a web worker, in a page. */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createContext, runInContext } from 'node:vm';
import type { BuildResult, OutputFile, Plugin } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

import * as vscode from './fakes/vscode.js';
import { newWorld } from './fakes/world.js';

const view = fileURLToPath(new URL('../../widgets/src/', import.meta.url));
const script = new URL('../../extension/vscode/scripts/bundle.mjs', import.meta.url).href;

/** The view from its sources, as in all tests. */
const fromSources: Plugin = {
  name: 'view-from-sources',
  setup(build) {
    build.onResolve({ filter: /^@codesteer\/view(?:$|\/parts\/)/ }, ({ path }) => ({
      path: `${view}${/\/parts\/(.*)\.js$/.exec(path)?.[1] ?? 'index'}.ts`
    }));
  }
};

const files = new Map<string, OutputFile>();
const imports = new Map<string, Set<string>>();

beforeAll(async () => {
  const { bundle } = (await import(script)) as {
    bundle: (outdir: string, options: object) => Promise<BuildResult<{ metafile: true; write: false }>[]>;
  };
  for (const { outputFiles, metafile } of await bundle('dist', { plugins: [fromSources], write: false })) {
    for (const file of outputFiles) {
      files.set(file.path.slice(file.path.indexOf('/dist/') + '/dist/'.length), file);
    }
    for (const [path, output] of Object.entries(metafile.outputs)) {
      imports.set(path.replace(/^dist\//, ''), new Set(output.imports.map(one => one.path)));
    }
  }
  for (const [name, { contents }] of files) {
    const [size, zipped] = [contents, gzipSync(contents)].map(({ length }) => (length / 1000).toFixed(1));
    console.log(`${name}: ${size ?? ''} kB, ${zipped ?? ''} kB gzipped`);
  }
});

const codeOf = (name: string): string => files.get(name)?.text ?? '';

/** Runs a bundle as VS Code does, with these globals and nothing else; returns its commands. */
function activated(name: string, globals: object): string[] {
  const world = newWorld();
  const module = { exports: {} as { activate?: (context: object) => void } };
  const require = (wanted: string): unknown => {
    if (wanted !== 'vscode') {
      throw new Error(`nothing but vscode can be required: ${wanted}`);
    }
    return vscode;
  };
  const context = createContext({ ...globals, module, exports: module.exports, require });
  runInContext(codeOf(name), context);
  const subscriptions: { dispose: () => void }[] = [];
  module.exports.activate?.({
    extensionUri: vscode.Uri.file('/extension'),
    subscriptions,
    workspaceState: { get: () => undefined, update: () => Promise.resolve() }
  });
  const commands = [...world.commands.keys()];
  subscriptions.forEach(one => {
    one.dispose();
  });
  return commands;
}

const BOTH = {
  TextEncoder,
  TextDecoder,
  URL,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  performance,
  crypto
};

describe('the extension', () => {
  it('for the web needs nothing of Node', () => {
    expect(imports.get('web/extension.js')).toEqual(new Set(['vscode']));
    expect(activated('web/extension.js', { ...BOTH, self: {} })).toContain('codesteer.insertCell');
  });

  it('for Node needs nothing of a page', () => {
    expect(imports.get('extension.js')).toEqual(new Set(['vscode']));
    expect(activated('extension.js', BOTH)).toContain('codesteer.insertCell');
  });
});

describe('what runs in pages', () => {
  it.each(['renderer.js', 'pages/details.js', 'pages/comparison.js'])('%s is one file that loads nothing', name => {
    expect(imports.get(name)).toEqual(new Set());
    // The strict policies of pages forbid code that is made of text.
    expect([...codeOf(name).matchAll(/\beval\(|new Function\(|\bimport\(/g)].map(([found]) => found)).toEqual([]);
  });

  it('the renderer is what VS Code asks for', () => {
    const code = codeOf('renderer.js');
    expect(/export\s*\{[^}]*\bas activate\b/.test(code)).toBe(true);
    // Its style sheets are in it.
    expect(code.includes('.cs-run')).toBe(true);
    expect([...files.keys()]).not.toContain('renderer.css');
  });

  it('the style sheet of the pages holds the view and the comparison', () => {
    const style = codeOf('pages/style.css');
    expect(['.cs-run', '.cs-compared', '--vscode-foreground'].filter(part => !style.includes(part))).toEqual([]);
    expect(style.match(/url\([^)]*\)|@import/g)).toBeNull();
  });

  it('a bundle fits into 100 kB, gzipped', () => {
    for (const { contents } of files.values()) {
      expect(gzipSync(contents).length).toBeLessThan(100_000);
    }
  });
});
