// @vitest-environment node
/// <reference types="node" />
/** What package.json promises to VS Code is there. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { COMMANDS } from '../../extension/vscode/src/host/commands/index.js';
import { MIME_TYPE } from '../../widgets/src/record.js';
import { start } from './fakes/started.js';

interface Placed {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly engines: { vscode: string };
  readonly devDependencies: Record<string, string>;
  readonly icon: string;
  readonly main: string;
  readonly browser: string;
  readonly contributes: {
    readonly notebookRenderer: { id: string; entrypoint: string; mimeTypes: string[]; requiresMessaging: string }[];
    readonly commands: (Placed & { title: string; category: string; icon: string; enablement?: string })[];
    readonly menus: Record<string, Placed[]>;
    readonly keybindings: (Placed & { key: string; mac: string })[];
    readonly views: Record<string, { id: string; icon: string }[]>;
    readonly viewsContainers: { activitybar: { id: string; icon: string }[] };
    readonly viewsWelcome: { view: string; contents: string }[];
    readonly configuration: { properties: Record<string, { default: unknown; enum?: unknown[] }> }[];
    readonly walkthroughs: {
      id: string;
      steps: { description: string; media: { svg: string; altText: string }; completionEvents?: string[] }[];
    }[];
    readonly snippets: { language: string; path: string }[];
  };
}

const root = fileURLToPath(new URL('../../extension/vscode/', import.meta.url));
const text = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const manifest = JSON.parse(text('package.json')) as Manifest;
const { contributes } = manifest;
const sources = [
  ...['extension', 'contexts', 'runsView', 'settings', 'statusBar', 'details'].map(name => `src/host/${name}.ts`)
]
  .map(text)
  .join('\n');
const ids = contributes.commands.map(({ command }) => command);
const placed = Object.values(contributes.menus).flat();

describe('commands', () => {
  it('are declared if and only if they are registered', () => {
    expect([...ids].sort()).toEqual(Object.keys(COMMANDS).sort());
    const { world, stop } = start();
    expect([...world.commands.keys()].sort()).toEqual([...ids].sort());
    stop();
  });

  it('have a title, our category and an icon of VS Code', () => {
    for (const { title, category, icon } of contributes.commands) {
      expect(title).toMatch(/^[A-Z%]/);
      expect(category).toBe('CodeSteer');
      expect(icon).toMatch(/^\$\([a-z-]+\)$/);
    }
    expect(new Set(contributes.commands.map(({ icon }) => icon)).size).toBe(ids.length);
  });

  it('of menus, keys, welcome pages and walkthroughs exist', () => {
    const linked = JSON.stringify([contributes.viewsWelcome, contributes.walkthroughs]).matchAll(
      /command:(codesteer\.[\w.]+)/g
    );
    const named = [...placed, ...contributes.keybindings].map(({ command }) => command);
    // Every view has such a command of VS Code's own.
    const own = 'codesteer.runs.focus';
    const wanted = [...named, ...[...linked].map(([, id = '']) => id)].filter(id => id !== own);
    expect(wanted.filter(id => !ids.includes(id))).toEqual([]);
  });

  it('that write or run are off in workspaces that are not trusted', () => {
    const off = contributes.commands.filter(({ enablement }) => enablement === 'isWorkspaceTrusted');
    expect(off.map(({ command }) => command).sort()).toEqual(
      ['continue', 'insertCell', 'insertCode', 'runAgain'].map(id => `codesteer.${id}`)
    );
  });
});

describe('where they are', () => {
  it('every menu outside the palette says when', () => {
    expect(placed.filter(({ when }) => !when)).toEqual([]);
  });

  it('every key says when, and begins with the chord that VS Code keeps for such', () => {
    for (const { key, mac, when } of contributes.keybindings) {
      expect(when).toBeTruthy();
      expect(key).toMatch(/^ctrl\+k alt\+[a-z]$/);
      expect(mac).toBe(key.replace('ctrl', 'cmd'));
    }
    const keys = contributes.keybindings.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('every condition of ours is one that the extension sets', () => {
    const conditions = JSON.stringify([
      placed,
      contributes.keybindings,
      contributes.commands,
      contributes.viewsWelcome
    ]);
    const used = [...conditions.matchAll(/codesteer\.(\w+)/g)].map(([name]) => name);
    const contexts = new Set(used.filter(name => !ids.includes(name)));
    const views = ['codesteer.runs', 'codesteer.details'];
    const set = [...sources.matchAll(/'codesteer\.(\w+)'|set\(\s*'(\w+)'/g)].map(
      ([, one, other]) => `codesteer.${one ?? other ?? ''}`
    );
    expect([...contexts].filter(name => !views.includes(name) && !set.includes(name))).toEqual([]);
  });
});

describe('settings', () => {
  const properties = Object.assign({}, ...contributes.configuration.map(one => one.properties)) as Record<
    string,
    { default: unknown; enum?: unknown[] }
  >;

  it('are read if and only if they are declared', () => {
    const read = [...text('src/host/settings.ts').matchAll(/(?:text|number|get)\(\s*'([\w.]+)'/g)].map(
      ([, name = '']) => `codesteer.${name}`
    );
    expect([...new Set(read)].sort()).toEqual(Object.keys(properties).sort());
  });

  it('hold no key', () => {
    expect(Object.keys(properties).filter(name => /key|token$|secret|password/i.test(name))).toEqual([]);
  });
});

describe('files', () => {
  it('that are named exist', () => {
    const named = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...Object.values(contributes.views).flatMap(views => views.map(({ icon }) => icon)),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
      ...contributes.snippets.map(({ path }) => path),
      'media/run-light.svg',
      'media/run-dark.svg'
    ];
    expect(named.filter(path => !existsSync(`${root}${path}`))).toEqual([]);
  });

  it('pictures of the walkthrough have words, load nothing and take the colours of the theme', () => {
    for (const { media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      expect(media.altText.length).toBeGreaterThan(20);
      const picture = text(media.svg);
      expect(picture).toContain('var(--vscode-foreground');
      expect(picture).not.toMatch(/<script|href=|url\(/);
    }
  });

  it('the bundles are where VS Code looks for them', () => {
    const bundles = text('scripts/bundle.mjs');
    expect(manifest.main).toBe('./dist/extension.js');
    expect(manifest.browser).toBe('./dist/web/extension.js');
    expect(contributes.notebookRenderer[0]?.entrypoint).toBe('./dist/renderer.js');
    for (const name of ['extension:', "'web/extension':", 'renderer:', "'pages/details':", "'pages/comparison':"]) {
      expect(bundles).toContain(name);
    }
  });

  it('snippets begin with our magics', () => {
    const snippets = JSON.parse(text('snippets/cells.json')) as Record<string, { prefix: string[]; body: string[] }>;
    for (const { prefix, body } of Object.values(snippets)) {
      expect(prefix.every(one => one.includes('codesteer'))).toBe(true);
      expect(body[0]).toMatch(/^%%codesteer|^%load_ext codesteer$/);
    }
  });
});

it('the renderer takes our records, and needs nobody to talk to', () => {
  expect(contributes.notebookRenderer).toMatchObject([
    { id: 'codesteer-run', mimeTypes: [MIME_TYPE], requiresMessaging: 'optional' }
  ]);
});

it('the types are those of the oldest VS Code that is served, and that is not too new', () => {
  const types = manifest.devDependencies['@types/vscode'] ?? '';
  expect(manifest.engines.vscode).toBe(`^${types}`);
  expect(Number(types.split('.')[1])).toBeLessThanOrEqual(139);
});
