// @vitest-environment node
/** The tree: open notebooks and those of the workspace, runs newest first, what a row says, the filter. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { readWish } from '../../extension/vscode/src/host/filter.js';
import { LARGEST_FILE } from '../../extension/vscode/src/host/savedNotebooks.js';
import { type Group, isGroup, type Node } from '../../extension/vscode/src/host/tree.js';
import { MIME_TYPE } from '../../widgets/src/record.js';
import { bundleOf, type Bundle, FakeNotebook } from './fakes/notebook.js';
import { begun, recordOf, start, type Started } from './fakes/started.js';
import { ThemeIcon, Uri } from './fakes/values.js';

let started: Started;
let notebook: FakeNotebook;

beforeEach(() => {
  vi.useFakeTimers();
  notebook = new FakeNotebook();
  notebook.with('%%codesteer', bundleOf(begun('old', 1)));
  notebook.with('%%codesteer', bundleOf(begun('new', 9, 'failed')));
  notebook.with('%%codesteer', bundleOf(begun('middle', 5, 'rich')));
  started = start(world => {
    world.open(notebook);
  });
});

afterEach(() => {
  started.stop();
  vi.useRealTimers();
});

const groups = (): Group[] => started.children().filter(isGroup);
const rows = (): Node[] => groups().flatMap(group => started.children(group));
const recordIds = (): string[] => rows().map(row => ('record' in row ? row.record.id : 'broken'));

/** Characters that hide or reorder what stands around them. */
const HIDDEN = ['\u0000', '\u0007', '\u001b', '\u200b', '\u202e', '\u2066', '\ufeff'];

/** The text of a notebook's file. */
const fileOf = (...bundles: Bundle[]): string =>
  JSON.stringify({
    cells: [{ cell_type: 'code', source: '%%codesteer', outputs: bundles.map(data => ({ data })) }],
    nbformat: 4
  });

/** Lets the view be seen, and what it begins come to its end. */
async function look(): Promise<void> {
  const [view] = started.world.treeViews;
  if (view) {
    view.visible = true;
  }
  started.world.treeVisibility.fire({ visible: true });
  await vi.advanceTimersByTimeAsync(1_000);
}

describe('the tree', () => {
  it('has the runs of a notebook, the newest first', () => {
    expect(groups().map(({ uri }) => uri.path)).toEqual(['/books/runs.ipynb']);
    expect(recordIds()).toEqual(['new', 'middle', 'old']);
    expect(new Set(rows().map(row => started.item(row).id)).size).toBe(3);
  });

  it('says what a run asked, of whom, in how many rounds, how long, and how it ended', () => {
    const [newest, , oldest] = rows();
    if (!newest || !oldest) {
      throw new Error('too few rows');
    }
    const record = recordOf('refined');
    const item = started.item(oldest);
    expect(item.label).toBe(`${record.question.prompt.slice(0, 27)}…`);
    expect(item.description).toMatch(/^2 rounds · [\d.]+ s · /);
    expect(item.description).toContain(record.models.target);
    expect(item.tooltip).toContain(record.question.prompt);
    expect((item.iconPath as ThemeIcon).id).toBe('pass');
    expect((started.item(newest).iconPath as ThemeIcon).id).toBe('error');
    expect(started.item(newest).tooltip).toContain('missing_key');
    expect(item.accessibilityInformation?.label).toContain('Done');
    expect(item.contextValue).toBe('run ended answered programmed');
    expect(item.command).toMatchObject({ command: 'codesteer.reveal', arguments: [oldest] });
  });

  it('finds the notebook of a run', () => {
    const [row] = rows();
    const parent = row && started.world.tree?.getParent?.(row);
    expect((parent as Group).uri.path).toBe('/books/runs.ipynb');
  });

  it('shows a running run as such, and counts on', async () => {
    const cell = notebook.with('%%codesteer');
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'live' })));
    await look();
    const live = rows().find(row => 'record' in row && row.record.id === 'live');
    if (!live) {
      throw new Error('no live row');
    }
    expect((started.item(live).iconPath as ThemeIcon).id).toBe('loading~spin');
    expect(started.item(live).contextValue).toContain('live');
    expect(started.world.treeViews[0]?.badge).toMatchObject({ value: 1 });
    const drawn = started.world.treeChanges.length;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(started.world.treeChanges.length).toBeGreaterThan(drawn);
    notebook.end(cell);
    await vi.advanceTimersByTimeAsync(1_000);
    const ended = started.world.treeChanges.length;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(started.world.treeChanges).toHaveLength(ended);
    expect(started.world.treeViews[0]?.badge).toBeUndefined();
  });

  it('says of a record that cannot be read what is wrong, and leads to it', () => {
    notebook.with('%%codesteer', { [MIME_TYPE]: '{"status":', 'text/plain': 'plain words' });
    started.world.onOpen.fire(notebook);
    const row = rows().at(-1);
    const item = row && started.item(row);
    expect(item?.label).toBe('This CodeSteer record is not readable JSON.');
    expect(item?.tooltip).toContain('plain words');
    expect(item?.contextValue).toBe('broken');
    expect(item?.command?.command).toBe('codesteer.reveal');
  });

  it('shows hostile text as text, with nothing hidden in it', () => {
    notebook.with('%%codesteer', bundleOf(recordOf('hostile')));
    started.world.onOpen.fire(notebook);
    for (const row of rows()) {
      const { label, tooltip, description } = started.item(row);
      for (const text of [label, tooltip, description]) {
        expect(typeof text).toBe('string');
        expect(
          HIDDEN.filter(character => JSON.stringify(text).includes(JSON.stringify(character).slice(1, -1)))
        ).toEqual([]);
      }
    }
  });
});

describe('notebooks that are not open', () => {
  const saved = Uri.file('/books/deep/saved.ipynb');

  it('are read when the view is seen, and listed after the open ones', async () => {
    const { world } = started;
    world.file(saved, fileOf(bundleOf(begun('saved', 3)), { 'text/plain': ['a', 'b'] }));
    world.file(Uri.file('/books/plain.ipynb'), '{"cells": [{"source": "1"}]}');
    world.file(Uri.file('/books/broken.ipynb'), `${MIME_TYPE} {`);
    expect(world.reads).toEqual([]);
    await look();
    expect(groups().map(({ uri }) => uri.path)).toEqual(['/books/runs.ipynb', '/books/deep/saved.ipynb']);
    expect(recordIds()).toContain('saved');
    expect(groups().map(group => started.item(group).collapsibleState)).toEqual([2, 1]);
  });

  it('are read again when they change, and go when they are deleted', async () => {
    const { world } = started;
    world.file(saved, fileOf(bundleOf(begun('one', 3))));
    await look();
    world.file(saved, fileOf(bundleOf(begun('one', 3)), bundleOf(recordOf('streaming', { id: 'two' }))), 2);
    world.onFile.changed.fire(saved);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(recordIds()).toContain('two');
    const two = rows().find(row => 'record' in row && row.record.id === 'two');
    expect(two && 'record' in two && two.record.status).toBe('lost');
    world.files.delete(saved.toString());
    world.onFile.deleted.fire(saved);
    expect(groups()).toHaveLength(1);
  });

  it('stand once, among the open ones, while they are open', async () => {
    started.world.file(notebook.uri, fileOf(bundleOf(begun('old', 1))));
    await look();
    expect(groups()).toHaveLength(1);
    started.world.close(notebook);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(groups().map(({ isOpen }) => isOpen)).toEqual([false]);
  });

  it('are not read where the reader wants open notebooks only', async () => {
    started.world.set('view.notebooks', 'open');
    started.world.file(saved, fileOf(bundleOf(begun('saved', 3))));
    await look();
    expect(started.world.reads).toEqual([]);
    expect(groups()).toHaveLength(1);
  });

  it('are left alone when they are huge, and the log says so', async () => {
    started.world.files.set(saved.toString(), { bytes: { byteLength: LARGEST_FILE + 1 } as Uint8Array, mtime: 1 });
    await look();
    expect(started.world.reads).toEqual([]);
    expect(started.world.logged.join()).toContain('deep/saved.ipynb is not looked into: 64 MB');
  });

  it('that cannot be read are told in the log', async () => {
    started.world.file(saved, fileOf());
    vi.spyOn(started.world.files, 'get').mockReturnValue(undefined);
    await look();
    expect(started.world.logged.join()).toContain('could not be read');
  });
});

describe('the filter', () => {
  it('reads words, states and models', () => {
    expect(readWish('  two  words ')).toEqual({ text: 'two words', status: '', model: '' });
    expect(readWish('is:FAILED model:local/m x')).toEqual({ text: 'x', status: 'failed', model: 'local/m' });
    expect(readWish('is:nothing constructor is:constructor')).toEqual({
      text: 'is:nothing constructor is:constructor',
      status: '',
      model: ''
    });
  });

  it('follows what is typed, and stays when it is accepted', async () => {
    const done = started.run('codesteer.filter');
    const [input] = started.world.inputs;
    input?.type('is:failed');
    expect(recordIds()).toEqual(['new']);
    input?.accept();
    await done;
    expect(recordIds()).toEqual(['new']);
    expect(started.world.treeViews[0]?.message).toBe('Only runs with: is:failed');
    expect(started.world.contexts.get('codesteer.filtered')).toBe(true);
    await started.run('codesteer.clearFilter');
    expect(recordIds()).toHaveLength(3);
    expect(started.world.treeViews[0]?.message).toBe('');
    expect(started.world.contexts.get('codesteer.filtered')).toBe(false);
  });

  it('goes back to what it was when the reader gives up', async () => {
    const done = started.run('codesteer.filter');
    started.world.inputs[0]?.type('nowhere to be found');
    expect(groups()).toEqual([]);
    started.world.inputs[0]?.hide();
    await done;
    expect(recordIds()).toHaveLength(3);
  });
});
