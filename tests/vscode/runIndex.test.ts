// @vitest-environment node
/** The index of the runs in open notebooks: kept by events, whatever the outputs hold. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { isRun, type Run } from '../../extension/vscode/src/host/run.js';
import { LARGEST_RECORD } from '../../extension/vscode/src/host/reading.js';
import { RunIndex } from '../../extension/vscode/src/host/runIndex.js';
import { MIME_TYPE, SCHEMA_VERSION } from '../../widgets/src/record.js';
import * as reading from '../../widgets/src/read.js';
import { bundleOf, FakeNotebook } from './fakes/notebook.js';
import { begun, recordOf } from './fakes/started.js';
import { newWorld, type World } from './fakes/world.js';

let world: World;
let notebook: FakeNotebook;
let index: RunIndex;
const onChange = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  world = newWorld();
  notebook = new FakeNotebook();
  onChange.mockClear();
  index = new RunIndex();
  index.onDidChange(onChange);
});

afterEach(() => {
  index.dispose();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const ids = (): string[] => runs().map(({ record }) => record.id);
const runs = (): Run[] => index.of(notebook).filter(isRun);

describe('the index', () => {
  it('finds the runs of notebooks that are open and of those that are opened', () => {
    notebook.with('%%codesteer', bundleOf(begun('a', 1)));
    notebook.with('print(1)', { 'text/plain': '1' });
    world.open(notebook);
    expect(ids()).toEqual(['a']);
    const other = new RunIndex();
    expect(other.of(notebook)).toHaveLength(1);
    other.dispose();
    world.close(notebook);
    expect(index.documents).toEqual([]);
  });

  it('follows outputs, new cells, moved cells and cells that go', () => {
    const first = notebook.with('%%codesteer', bundleOf(begun('a', 1)));
    const second = notebook.with('%%codesteer');
    world.open(notebook);
    notebook.output(second, bundleOf(begun('b', 2)), { 'text/plain': 'x' }, bundleOf(begun('c', 3)));
    expect(ids()).toEqual(['a', 'b', 'c']);
    notebook.moveUp(second);
    expect(ids()).toEqual(['b', 'c', 'a']);
    notebook.remove(first);
    expect(ids()).toEqual(['b', 'c']);
    notebook.output(second);
    expect(ids()).toEqual([]);
    expect(index.documents).toEqual([]);
  });

  it('tells several changes at once', () => {
    const cell = notebook.with('%%codesteer');
    world.open(notebook);
    for (let n = 0; n < 20; n += 1) {
      notebook.output(cell, bundleOf(begun('a', n)));
    }
    expect(onChange).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it('says nothing of outputs that are none of ours', () => {
    const cell = notebook.with('print(1)');
    world.open(notebook);
    notebook.output(cell, { 'text/plain': '1' });
    notebook.end(cell);
    vi.advanceTimersByTime(1_000);
    expect(onChange).not.toHaveBeenCalled();
  });

  it('reads no record before it is asked for, and none twice', () => {
    const read = vi.spyOn(reading, 'readRecord');
    const cells = Array.from({ length: 50 }, (_, n) => notebook.with('%%codesteer', bundleOf(begun(`r${n}`, n))));
    world.open(notebook);
    vi.advanceTimersByTime(1_000);
    expect(read).not.toHaveBeenCalled();
    expect(index.cells).toHaveLength(50);
    index.of(notebook);
    expect(read).toHaveBeenCalledTimes(50);
    const [first] = cells;
    if (first) {
      notebook.output(first, bundleOf(begun('new', 1)));
    }
    index.of(notebook);
    expect(read).toHaveBeenCalledTimes(51);
  });

  it('knows which runs go on: those that change before our eyes, until their cell has ended', () => {
    const cell = notebook.with('%%codesteer');
    const saved = notebook.with('%%codesteer', bundleOf(recordOf('streaming', { id: 'saved' })));
    world.open(notebook);
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'live' })));
    expect(index.live.map(({ record }) => record.id)).toEqual(['live']);
    expect(index.under(saved).find(isRun)?.record.status).toBe('lost');
    notebook.moveUp(cell);
    expect(index.live).toHaveLength(1);
    notebook.end(cell, false);
    expect(index.live).toEqual([]);
    const lost = index.find(notebook, 'live')?.record;
    expect(lost?.status).toBe('lost');
    // The same object as long as it is the same record: nobody need draw it again.
    expect(index.find(notebook, 'live')?.record).toBe(lost);
  });

  it('reads of a notebook with many runs only the one that goes on, to know it', () => {
    Array.from({ length: 50 }, (_, n) => notebook.with('%%codesteer', bundleOf(begun(`r${n}`, n))));
    const cell = notebook.with('%%codesteer');
    world.open(notebook);
    const read = vi.spyOn(reading, 'readRecord');
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'live' })));
    expect(index.live.map(({ record }) => record.id)).toEqual(['live']);
    expect(index.at(index.live[0]?.key ?? '')).toMatchObject({ record: { id: 'live' } });
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('knows what goes on after a refresh, too', () => {
    const cell = notebook.with('%%codesteer');
    world.open(notebook);
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'live' })));
    index.refresh();
    expect(index.live).toHaveLength(1);
  });

  it('keeps what a run has asked for: to be stopped', () => {
    const cell = notebook.with('%%codesteer');
    world.open(notebook);
    notebook.output(cell, bundleOf(recordOf('streaming', { id: 'live' })));
    const [run] = index.live;
    if (!run) {
      throw new Error('no run');
    }
    index.markStopping(run, true);
    expect(index.at(run.key)).toMatchObject({ isStopping: true });
    index.markStopping(run, false);
    expect(index.at(run.key)).toMatchObject({ isStopping: false });
  });
});

describe('a bad record', () => {
  const shown = (value: unknown, plain = 'the plain text'): unknown => {
    const cell = notebook.with('%%codesteer', { [MIME_TYPE]: value, 'text/plain': plain });
    world.open(notebook);
    return index.under(cell)[0];
  };

  it('that is cut off is told, with its plain text', () => {
    expect(shown(JSON.stringify(begun('a', 1)).slice(0, 500))).toMatchObject({
      problem: 'This CodeSteer record is not readable JSON.',
      cure: 'Run the cell again to replace it.',
      plain: 'the plain text'
    });
  });

  it('that is newer is told, with what to do', () => {
    const problem = `This record was written by a newer CodeSteer (record version ${SCHEMA_VERSION + 1}).`;
    expect(shown({ ...begun('a', 1), schema: SCHEMA_VERSION + 1 })).toMatchObject({ problem });
  });

  it('that is older, and lacks what came later, is read', () => {
    const { question, status } = begun('a', 1);
    const run = shown({ question: { prompt: question.prompt }, status }) as Run;
    expect(run.record).toMatchObject({ status: 'done', rounds: [], answer: null });
  });

  it.each([null, 7, 'text', [], {}, { rounds: 3, status: [] }, '\ud800'])('like %j throws nothing', value => {
    expect(shown(value)).toBeDefined();
  });

  it('of 50 MB is not read at all', () => {
    const read = vi.spyOn(reading, 'readRecord');
    const huge = new Uint8Array(50_000_000).fill(32);
    expect(huge.byteLength).toBeGreaterThan(LARGEST_RECORD);
    expect(shown(huge)).toMatchObject({ problem: 'This record is too large to be read (50 MB).' });
    expect(read).not.toHaveBeenCalled();
  });
});
