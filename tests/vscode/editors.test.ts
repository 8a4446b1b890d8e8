// @vitest-environment node
/** Editors of whole runs, and the views in outputs: what they are sent, and what they may ask for. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { isRun } from '../../extension/vscode/src/host/run.js';
import { readHostMessage, readRendererMessage } from '../../extension/vscode/src/messages.js';
import { bundleOf, type FakeCell, FakeNotebook } from './fakes/notebook.js';
import { begun, recordOf, start, type Started } from './fakes/started.js';
import * as vscode from './fakes/vscode.js';
import type { FakePanel } from './fakes/world.js';

let started: Started;
let notebook: FakeNotebook;
let cell: FakeCell;

beforeEach(() => {
  vi.useFakeTimers();
  notebook = new FakeNotebook();
  cell = notebook.with('%%codesteer\nWhat?', bundleOf(begun('a', 1)));
  started = start(world => {
    world.open(notebook);
  });
});

afterEach(() => {
  started.stop();
  vi.useRealTimers();
});

async function open(): Promise<FakePanel> {
  await started.run('codesteer.openDetails', cell);
  const panel = started.world.panels.at(-1);
  if (!panel) {
    throw new Error('no panel');
  }
  panel.say({ type: 'ready' });
  return panel;
}

describe('the editor of a run', () => {
  it('gets the record, what can be done, and how to draw it', async () => {
    started.world.set('view.rounds', 'all');
    const panel = await open();
    expect(panel.sent).toMatchObject([
      {
        type: 'run',
        record: { id: 'a' },
        possible: { stop: false, runAgain: true, goOn: true, insertCode: true, copy: true },
        preferences: { rounds: 'all' }
      }
    ]);
  });

  it('is a page in which nothing runs but our script, and no word of the record stands', async () => {
    notebook.output(cell, bundleOf(recordOf('hostile', { id: 'hostile' })));
    const { html, options, title } = await open();
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const nonce = /script-src 'nonce-([0-9a-f]{32})'/.exec(policy)?.[1] ?? '';
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toContain('unsafe');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain(`<script type="module" nonce="${nonce}" src="https://`);
    expect(html).not.toMatch(/<(?!\/?(?:html|head|meta|title|link|body|main|script)\b)[a-z]/);
    expect(options.localResourceRoots?.map(({ path }) => path)).toEqual(['/extension/dist/pages']);
    expect(title.length).toBeLessThan(60);
    const other = await open();
    expect(other).toBe(started.world.panels[0]);
  });

  it('is there once, and follows its run', async () => {
    const panel = await open();
    await started.run('codesteer.openDetails', cell);
    expect(started.world.panels).toHaveLength(1);
    const sent = panel.sent.length;
    notebook.with('%%codesteer', bundleOf(begun('b', 2)));
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'a' })));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(panel.sent).toHaveLength(sent + 1);
    expect(panel.sent.at(-1)).toMatchObject({
      record: { status: 'running' },
      possible: { stop: true, runAgain: false }
    });
    panel.close();
    notebook.output(cell, bundleOf(begun('a', 1)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(panel.sent).toHaveLength(sent + 1);
  });

  it('does what its buttons ask for', async () => {
    const panel = await open();
    panel.say({ type: 'copy', text: 'some words' });
    await vi.advanceTimersByTimeAsync(0);
    expect(started.world.clipboard).toBe('some words');
    panel.say({ type: 'insert-code', runId: 'a', code: 'print(1)' });
    await vi.advanceTimersByTimeAsync(0);
    expect(notebook.cellAt(1).document.getText()).toBe('print(1)');
    panel.say({ type: 'continue', runId: 'a', words: 'Shorter.' });
    await vi.advanceTimersByTimeAsync(0);
    expect(notebook.cellAt(1).document.getText()).toBe('%%codesteer --continue a\nShorter.');
    panel.say({ type: 'run-again', runId: 'a' });
    await vi.advanceTimersByTimeAsync(0);
    expect(started.world.calls('notebook.cell.execute')).toHaveLength(2);
    panel.say({ type: 'eval', code: 'boom' });
    panel.say('stop');
    expect(started.world.errors).toEqual([]);
  });

  it('is what commands are about while it is in front', async () => {
    notebook.with('%%codesteer', bundleOf(begun('b', 2)));
    await open();
    started.world.selection = { start: 1, end: 2 };
    await started.run('codesteer.copyAnswer');
    expect(started.world.clipboard).toBe(begun('a', 1).answer?.text);
  });

  it('loses its buttons where the workspace is not trusted, and gets them when it is', async () => {
    started.world.isTrusted = false;
    const panel = await open();
    expect(panel.sent).toMatchObject([{ possible: { runAgain: false, goOn: false, insertCode: false, copy: true } }]);
    started.world.isTrusted = true;
    started.world.onTrust.fire();
    expect(panel.sent.at(-1)).toMatchObject({ possible: { runAgain: true, insertCode: true } });
  });
});

describe('the view in an output', () => {
  const say = async (message: unknown): Promise<void> => {
    const editor = vscode.window.activeNotebookEditor;
    if (editor) {
      started.world.fromRenderer.fire({ editor, message });
    }
    await vi.advanceTimersByTimeAsync(0);
  };

  it('is told how to draw when it begins, and when that changes', async () => {
    await say({ type: 'ready' });
    expect(readHostMessage(started.world.told[0])).toEqual({
      type: 'preferences',
      preferences: { rounds: 'newest' },
      trusted: true,
      lost: []
    });
    started.world.set('view.rounds', 'none');
    expect(readHostMessage(started.world.told[1])?.preferences.rounds).toBe('none');
  });

  it('is told which runs are lost, when they are and when they are not any more', async () => {
    notebook.with('%%codesteer', bundleOf(recordOf('streaming', { id: 'saved' })));
    await started.run('codesteer.refresh');
    await say({ type: 'ready' });
    expect(readHostMessage(started.world.told.at(-1))?.lost).toEqual(['saved']);
    notebook.output(notebook.cellAt(1), bundleOf(recordOf('streaming', { id: 'saved' })));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(readHostMessage(started.world.told.at(-1))?.lost).toEqual([]);
  });

  it('has its run found by its name', async () => {
    await say({ type: 'insert-code', runId: 'a', code: 'x = 1' });
    expect(notebook.cellAt(1).document.getText()).toBe('x = 1');
    await say({ type: 'open', runId: 'a', record: begun('a', 1) });
    expect(started.world.panels).toHaveLength(1);
    await say({ type: 'insert-code', runId: 'nobody', code: 'x = 1' });
    expect(started.world.errors).toEqual(['This run is not in its notebook any more.']);
  });

  it('can have a record opened that its document does not have', async () => {
    await say({ type: 'open', runId: 'other', record: begun('other', 1) });
    started.world.panels[0]?.say({ type: 'ready' });
    expect(started.world.panels[0]?.sent).toMatchObject([{ record: { id: 'other' } }]);
    await say({ type: 'open', runId: 'bad', record: { no: 'record' } });
    expect(started.world.panels).toHaveLength(1);
  });

  it('stops its run', async () => {
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'a' })));
    await say({ type: 'stop', runId: 'a' });
    expect(started.world.calls('notebook.cell.cancelExecution')).toHaveLength(1);
  });

  it('has nothing done that is none of the messages', async () => {
    for (const message of [null, 'stop', [], {}, { type: 'stop' }, { type: 'copy', text: 7 }, { type: 'exec', x: 1 }]) {
      expect(readRendererMessage(message)).toBeNull();
      await say(message);
    }
    expect(readRendererMessage({ type: 'copy', text: 'x'.repeat(5_000_000) })).toBeNull();
    expect(readHostMessage({ type: 'preferences', preferences: { rounds: 'x' } })).toMatchObject({
      preferences: { rounds: 'newest' },
      trusted: false
    });
    expect(readHostMessage({ type: 'preferences' })).toBeNull();
    expect(started.world.executed).toEqual([]);
    expect(started.world.errors).toEqual([]);
  });
});

it('all runs of the tree can be opened, bad ones too are only told', async () => {
  notebook.output(cell, bundleOf({ schema: 99, status: 'done' }));
  await started.run('codesteer.refresh');
  const [group] = started.children();
  const entries = group ? started.children(group) : [];
  expect(entries.filter(entry => 'key' in entry && isRun(entry))).toEqual([]);
  await started.run('codesteer.reveal', entries[0]);
  expect(started.world.shown).toHaveLength(1);
  await started.run('codesteer.openDetails', entries[0]);
  expect(started.world.panels).toEqual([]);
});
