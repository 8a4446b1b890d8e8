/** A stop that was asked for elsewhere (in the cell, by an interrupt, in another browser) shows in the index, too. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { RunIndex } from '../../extension/lab/src/runIndex.js';
import { FakeCell, FakePanel, recordOf, widgetBundle } from './fakes.js';

vi.mock('@jupyterlab/services', () => ({
  KernelMessage: { createMessage: (message: object) => message }
}));

const PAUSE = 60;
const running = recordOf('streaming', { id: 'run-1' });

let panel: FakePanel;
let index: RunIndex;

beforeEach(() => {
  vi.useFakeTimers();
  panel = new FakePanel(new FakeCell(widgetBundle('w')));
  const tracker = {
    forEach: (visit: (one: unknown) => void) => {
      visit(panel);
    },
    widgetAdded: new Signal<object, unknown>({})
  };
  index = new RunIndex(tracker as unknown as INotebookTracker);
});

afterEach(() => {
  vi.useRealTimers();
});

const isStopping = (): boolean[] => {
  vi.advanceTimersByTime(PAUSE);
  return index.runs.map(run => run.isStopping);
};

it('shows once the kernel has said so, and goes on showing while records come', () => {
  panel.widget('w', { record: running, stop_requested: false });
  expect(isStopping()).toEqual([false]);
  panel.widget('w', { stop_requested: true });
  expect(isStopping()).toEqual([true]);
  expect(index.runs[0]?.record).toMatchObject({ id: 'run-1', status: 'running' });
  panel.widget('w', { record: { ...running, seq: running.seq + 1 } });
  panel.widget('w', { tail: { round: 1, seq: running.seq + 1, text: 'more' } });
  expect(isStopping()).toEqual([true]);
});

it('is known to a page that asks for the state of the widget', () => {
  panel.widget('w', { record: running, tail: {}, stop_requested: true });
  expect(isStopping()).toEqual([true]);
});

it('is not followed by an interrupt once the kernel has heard it, however long it takes', async () => {
  panel.widget('w', { record: running });
  vi.advanceTimersByTime(PAUSE);
  const [run] = index.runs;
  const stopped = run && index.stop(run);
  panel.widget('w', { stop_requested: true });
  await vi.runAllTimersAsync();
  await stopped;
  expect(panel.sessionContext.kernel.interrupts).toBe(0);
  expect(isStopping()).toEqual([true]);
});

it('shows at once when the kernel is interrupted, and no more when that could not be done', async () => {
  panel.widget('w', { record: running });
  expect(isStopping()).toEqual([false]);
  const refused = Promise.reject(new Error('gone'));
  index.interrupted(panel.panel, refused);
  expect(index.runs.map(run => run.isStopping)).toEqual([true]);
  await refused.catch(() => undefined);
  expect(isStopping()).toEqual([false]);
});

it('is over when the run has ended', () => {
  panel.widget('w', { record: running, stop_requested: true });
  panel.widget('w', { record: { ...running, status: 'stopped' } });
  expect(isStopping()).toEqual([false]);
});

it('is no news from a widget that shows no run', () => {
  const told = vi.fn();
  vi.advanceTimersByTime(PAUSE);
  index.changed.connect(told);
  panel.widget('other', { stop_requested: true });
  expect(isStopping()).toEqual([]);
  expect(told).not.toHaveBeenCalled();
});
