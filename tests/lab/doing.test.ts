/** What can be done with a run where it is, and why not where it cannot. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, it, vi } from 'vitest';

import { formatsOf, hindrances, possible } from '../../extension/lab/src/doing.js';
import type { KeptRun, Run } from '../../extension/lab/src/tokens.js';
import { ENGLISH } from '../../extension/lab/src/words.js';
import { FakePanel, recordOf, runOf } from './fakes.js';

vi.mock('@jupyterlab/notebook', () => ({ NotebookActions: {} }));

function notebook(writable = true): NotebookPanel {
  const { panel } = new FakePanel();
  return Object.assign(panel, { context: { model: { readOnly: false }, contentsModel: { writable } } });
}

const shown = (panel = notebook(), editable: unknown = null): Run => ({
  ...runOf(recordOf('refined')),
  panel,
  cell: { getMetadata: () => editable } as unknown as Run['cell']
});

const kept = (panel = notebook(), status: 'done' | 'running' = 'done'): KeptRun => ({
  ...runOf(recordOf('refined', { status })),
  panel,
  row: { id: 'a', status, started: '', target: '', rounds: 2, seconds: 1, prompt: '', answer: '', kept: false },
  isWhole: true,
  isLoaded: true,
  exported: () => Promise.resolve(''),
  forget: () => Promise.resolve()
});

const ALL = { goTo: true, stop: false, rerun: true, feedback: true, insert: true, copy: true, forget: true };

it('in a notebook like any other, everything that the run allows', () => {
  expect(possible(shown())).toEqual(ALL);
  expect(hindrances(shown(), ENGLISH)).toEqual({});
});

it('in a file that cannot be written, nothing that puts cells into it or takes outputs out of it', () => {
  const run = shown(notebook(false));
  expect(possible(run)).toEqual({ ...ALL, rerun: false, feedback: false, insert: false, forget: false });
  expect(Object.keys(hindrances(run, ENGLISH)).sort()).toEqual(['feedback', 'forget', 'insert', 'rerun']);
});

it('below a read-only cell, nothing that changes its outputs', () => {
  expect(possible(shown(notebook(), false))).toEqual({ ...ALL, forget: false });
  expect(hindrances(shown(notebook(), false), ENGLISH)).toEqual({ forget: 'This cell is read-only.' });
});

it('of a run on disk, all but showing its cell; deleting it needs no notebook', () => {
  expect(possible(kept())).toEqual({ ...ALL, goTo: false });
  expect(Object.keys(hindrances(kept(), ENGLISH))).toEqual(['goTo']);
  expect(possible(kept(notebook(false)))).toMatchObject({ forget: true, insert: false });
  expect(formatsOf(kept())).toEqual(['json', 'md', 'html', 'py']);
});

it('of a run that goes on elsewhere, nothing ends it here', () => {
  const run = kept(notebook(), 'running');
  expect(possible(run)).toMatchObject({ stop: false, forget: false, rerun: false });
  expect(hindrances(run, ENGLISH).stop).toContain('stop it in its notebook');
});
