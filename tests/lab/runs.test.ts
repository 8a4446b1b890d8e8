/** The index of runs: what outputs and kernels say, and what becomes of runs whose kernel goes away. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { RunIndex } from '../../extension/lab/src/runIndex.js';
import type { Run } from '../../extension/lab/src/tokens.js';
import { MIME_TYPE, type RunRecord } from '../../widgets/src/index.js';
import { FakeCell, FakePanel, recordBundle, recordOf, widgetBundle } from './fakes.js';

vi.mock('@jupyterlab/services', () => ({
  KernelMessage: { createMessage: (message: object) => message }
}));

const PAUSE = 60;
const running = recordOf('streaming', { id: 'run-1' });
const done = recordOf('refined', { id: 'run-1', seq: running.seq + 10 });

let ended: Run[];

function indexOf(...panels: FakePanel[]): RunIndex {
  const tracker = {
    forEach: (visit: (panel: unknown) => void) => {
      panels.forEach(visit);
    },
    widgetAdded: new Signal<object, unknown>({})
  };
  const index = new RunIndex(tracker as unknown as INotebookTracker);
  ended = [];
  index.ended.connect((_, run) => {
    ended.push(run);
  });
  vi.advanceTimersByTime(PAUSE);
  return index;
}

const statuses = ({ runs }: RunIndex): string[] => runs.map(({ record }) => record.status);

function only({ runs: [run] }: RunIndex): Run {
  if (!run) {
    throw new Error('There is no run.');
  }
  return run;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('saved runs', () => {
  it('are listed in the order of their cells, whatever else stands there', () => {
    const first = new FakeCell(recordBundle(recordOf('refined', { id: 'a' })), { 'text/plain': '42' });
    const second = new FakeCell({ [MIME_TYPE]: 'nonsense' }, recordBundle(recordOf('stopped', { id: 'b' })));
    const index = indexOf(new FakePanel(first, second));
    expect(index.runs.map(({ record, output }) => [record.id, output])).toEqual([
      ['a', 0],
      ['b', 1]
    ]);
  });

  it('that say they run are lost: nobody runs them', () => {
    expect(statuses(indexOf(new FakePanel(new FakeCell(recordBundle(running)))))).toEqual(['lost']);
  });

  it('come and go with outputs and cells, told once for many changes', () => {
    const panel = new FakePanel(new FakeCell(recordBundle(done)));
    const index = indexOf(panel);
    const told = vi.fn();
    index.changed.connect(told);
    panel.model.cells.push(new FakeCell(recordBundle(recordOf('failed', { id: 'c' }))));
    panel.model.cells.changed.emit(undefined);
    panel.model.cells[0]?.outputs.remove(0);
    vi.advanceTimersByTime(PAUSE);
    expect(index.runs.map(({ record }) => record.id)).toEqual(['c']);
    expect(told).toHaveBeenCalledTimes(1);
  });
});

describe('live runs', () => {
  it('are read out of their widget, with the text that streams in', () => {
    const panel = new FakePanel(new FakeCell(widgetBundle('w')));
    const index = indexOf(panel);
    expect(index.runs).toEqual([]);
    panel.say('comm_open', { comm_id: 'w', data: { state: { record: {}, tail: {} } } });
    panel.widget('w', { record: running, tail: {} });
    panel.widget('w', { tail: { round: 1, seq: running.seq, text: 'more' } });
    vi.advanceTimersByTime(PAUSE);
    expect(statuses(index)).toEqual(['running']);
    expect(index.runs[0]?.tail).toEqual({ round: 1, seq: running.seq, text: 'more' });
  });

  it('of other widgets are none', () => {
    const panel = new FakePanel(new FakeCell(widgetBundle('w')));
    const index = indexOf(panel);
    panel.widget('w', { record: { artist: 'somebody' } });
    panel.widget('w', { tail: 'wagging' });
    vi.advanceTimersByTime(PAUSE);
    expect(index.runs).toEqual([]);
  });

  it('end once, with the record that took the place of the widget', () => {
    const cell = new FakeCell(widgetBundle('w'));
    const panel = new FakePanel(cell);
    const index = indexOf(panel);
    panel.widget('w', { record: running });
    vi.advanceTimersByTime(PAUSE);
    cell.outputs.set(0, { data: recordBundle(done) });
    panel.say('comm_close', { comm_id: 'w' });
    vi.advanceTimersByTime(PAUSE);
    vi.advanceTimersByTime(PAUSE);
    expect(statuses(index)).toEqual(['done']);
    expect(ended.map(({ record }) => record.id)).toEqual(['run-1']);
  });

  it('of a page that was reloaded are asked for, and their end is written into the cell', () => {
    const cell = new FakeCell(widgetBundle('w'));
    const panel = new FakePanel(cell);
    const index = indexOf(panel);
    const { sent } = panel.sessionContext.kernel;
    expect(sent.map(({ content }) => content)).toEqual([{ comm_id: 'w', data: { method: 'request_state' } }]);
    panel.widget('w', { record: running });
    panel.say('update_display_data', { data: recordBundle(done), transient: { display_id: 'd' } });
    vi.advanceTimersByTime(PAUSE);
    expect(statuses(index)).toEqual(['done']);
    expect(cell.outputs.get(0).data).toEqual(recordBundle(done));
  });

  it.each(['restarting', 'autorestarting', 'dead', 'terminating'])('are lost and kept when their kernel is %s', how => {
    const cell = new FakeCell(widgetBundle('w'));
    const panel = new FakePanel(cell);
    const index = indexOf(panel);
    panel.widget('w', { record: running });
    const last = running.rounds.at(-1)?.index;
    panel.widget('w', { tail: { round: last, seq: running.seq, text: ' and so on' } });
    vi.advanceTimersByTime(PAUSE);
    panel.sessionContext.statusChanged.emit(how);
    vi.advanceTimersByTime(PAUSE);
    expect(statuses(index)).toEqual(['lost']);
    expect(ended).toHaveLength(1);
    const { data } = cell.outputs.get(0);
    expect(Object.keys(data)).toEqual([MIME_TYPE, 'text/plain']);
    const kept = data[MIME_TYPE] as RunRecord;
    expect(kept.status).toBe('lost');
    const text = running.rounds.at(-1)?.answer.text ?? '';
    expect(kept.rounds.at(-1)?.answer.text).toBe(`${text} and so on`);
  });

  it('are lost when their kernel is another one', () => {
    const panel = new FakePanel(new FakeCell(widgetBundle('w')));
    const index = indexOf(panel);
    panel.widget('w', { record: running });
    panel.sessionContext.kernelChanged.emit(undefined);
    vi.advanceTimersByTime(PAUSE);
    expect(statuses(index)).toEqual(['lost']);
  });
});

describe('a run in a notebook that another page shares', () => {
  let cell: FakeCell;
  let panel: FakePanel;
  let index: RunIndex;

  beforeEach(() => {
    cell = new FakeCell(widgetBundle('w'));
    panel = new FakePanel(cell);
    const awareness = { clientID: 1, getStates: () => new Map([1, 2].map(page => [page, {}])) };
    Object.assign(panel.model, { collaborative: true, isDisposed: false, sharedModel: { awareness } });
    index = indexOf(panel);
    panel.widget('w', { record: running });
  });

  function end(): void {
    panel.say('update_display_data', { data: recordBundle(done), transient: { display_id: 'd' } });
    panel.say('comm_close', { comm_id: 'w' });
    vi.advanceTimersByTime(PAUSE);
  }

  it('is shown as it ended at once, and left to the page that runs the cell', () => {
    end();
    expect(statuses(index)).toEqual(['done']);
    expect(cell.outputs.get(0).data).toEqual(widgetBundle('w'));
    const theirs = { ...recordBundle(done), 'text/plain': 'theirs' };
    cell.outputs.set(0, { data: theirs });
    vi.runAllTimers();
    expect(statuses(index)).toEqual(['done']);
    expect(cell.outputs.get(0).data).toEqual(theirs);
  });

  it('is written down here when that page is gone', () => {
    end();
    vi.runAllTimers();
    expect(cell.outputs.get(0).data).toEqual(recordBundle(done));
    expect(statuses(index)).toEqual(['done']);
  });

  it('is lost with its kernel, and written down once it is this page\'s turn', () => {
    panel.sessionContext.statusChanged.emit('restarting');
    vi.advanceTimersByTime(PAUSE);
    expect(statuses(index)).toEqual(['lost']);
    vi.runAllTimers();
    expect((cell.outputs.get(0).data[MIME_TYPE] as RunRecord).status).toBe('lost');
  });
});

describe('stop', () => {
  it('shows at once and asks politely; a run that ends needs no interrupt', async () => {
    const cell = new FakeCell(widgetBundle('w'));
    const panel = new FakePanel(cell);
    const index = indexOf(panel);
    panel.widget('w', { record: running });
    vi.advanceTimersByTime(PAUSE);
    const stopping = index.stop(only(index));
    expect(index.runs[0]?.isStopping).toBe(true);
    const { kernel } = panel.sessionContext;
    expect(kernel.sent.at(-1)?.content).toEqual({
      comm_id: 'w',
      data: { method: 'custom', content: { event: 'stop' } }
    });
    cell.outputs.set(0, { data: recordBundle({ ...done, status: 'stopped' }) });
    await vi.runAllTimersAsync();
    await stopping;
    expect(kernel.interrupts).toBe(0);
    expect(index.runs[0]).toMatchObject({ isStopping: false, record: { status: 'stopped' } });
  });

  it('interrupts the kernel when nothing comes of it', async () => {
    const panel = new FakePanel(new FakeCell(widgetBundle('w')));
    const index = indexOf(panel);
    panel.widget('w', { record: running });
    vi.advanceTimersByTime(PAUSE);
    const stopping = index.stop(only(index));
    await vi.runAllTimersAsync();
    await stopping;
    expect(panel.sessionContext.kernel.interrupts).toBe(1);
  });

  it('interrupts at once a run that has no widget', async () => {
    const cell = new FakeCell(recordBundle(running));
    cell.executionState = 'running';
    const panel = new FakePanel(cell);
    const index = indexOf(panel);
    await index.stop(only(index));
    expect(panel.sessionContext.kernel.interrupts).toBe(1);
  });
});
