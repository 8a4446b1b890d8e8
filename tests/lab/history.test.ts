/** The runs on disk: read page by page over the comm that the kernel has for it, whatever state that kernel is in. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { ANY } from '@codesteer/view/parts/filter.js';
import type { KeptRow } from '../../extension/lab/src/kept.js';
import { History } from '../../extension/lab/src/panel/history.js';
import { recordOf } from './fakes.js';

interface Request {
  readonly ask: number;
  readonly event: string;
  readonly run?: string;
  readonly text?: string;
  readonly after?: string;
  readonly limit?: number;
}

const row = (place: number): KeptRow => ({
  id: `run-${String(place).padStart(4, '0')}`,
  status: 'done',
  started: '2026-01-02T03:04:05Z',
  target: 'local/m',
  rounds: 2,
  seconds: 4,
  prompt: `Question ${place}`,
  answer: '42',
  kept: false
});

/** A kernel with so many runs on disk; it answers once somebody had it answer. */
class StoringKernel {
  readonly statusChanged = new Signal<this, string>(this);
  readonly asked: Request[] = [];
  readonly executed: string[] = [];
  rows: KeptRow[];
  serves = true;
  hasPackage = true;
  /** Answers wait for the test's word. */
  holds = false;
  private readonly held: (() => void)[] = [];

  constructor(runs: number) {
    this.rows = Array.from({ length: runs }, (_, place) => row(runs - 1 - place));
  }

  createComm(): object {
    const comm = {
      onMsg: (message: object): unknown => message,
      onClose: () => undefined as unknown,
      open: () => {
        if (!this.serves) {
          queueMicrotask(() => comm.onClose());
        }
      },
      send: (request: Request) => {
        this.asked.push(request);
        const answer = (): unknown =>
          comm.onMsg({ content: { data: { ask: request.ask, ...this.answerTo(request) } } });
        if (this.holds) {
          this.held.push(answer);
        } else {
          queueMicrotask(answer);
        }
      }
    };
    return comm;
  }

  requestExecute({ code }: { code: string }): object {
    this.executed.push(code);
    this.serves = this.hasPackage;
    const missing = { status: 'error', ename: 'ModuleNotFoundError', evalue: "No module named 'codesteer'" };
    return { done: Promise.resolve({ content: this.hasPackage ? { status: 'ok' } : missing }) };
  }

  release(): void {
    this.held.splice(0).forEach(answer => {
      answer();
    });
  }

  private answerTo({ event, run, text = '', after = '', limit = 0 }: Request): object {
    const fit = this.rows.filter(({ prompt }) => prompt.includes(text));
    switch (event) {
      case 'list': {
        const rest = fit.filter(({ id }) => after === '' || id < after).slice(0, limit);
        return { runs: rest, fit: fit.length, all: this.rows.length, models: ['local/m'], loaded: false };
      }
      case 'load':
        return this.rows.some(({ id }) => id === run)
          ? { record: recordOf('refined', { id: run ?? '' }) }
          : { error: `There is no run '${run ?? ''}'.` };
      case 'delete':
        this.rows = this.rows.filter(({ id }) => id !== run);
        return {};
      default:
        return { error: 'This is not a request of CodeSteer\'s.' };
    }
  }
}

let told: number;
let history: History;

beforeEach(() => {
  vi.useFakeTimers();
  told = 0;
  history = new History(() => {
    told += 1;
  });
});

afterEach(() => {
  history.dispose();
  vi.useRealTimers();
});

const notebookOf = (kernel: StoringKernel | null): NotebookPanel =>
  ({ sessionContext: { session: kernel && { kernel } } }) as unknown as NotebookPanel;

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1000);
}

async function reading(kernel: StoringKernel): Promise<NotebookPanel> {
  const notebook = notebookOf(kernel);
  history.want(notebook, ANY);
  await settled();
  return notebook;
}

it('says what it lacks', () => {
  history.want(null, ANY);
  expect(history.lack).toBe('notebook');
  history.want(notebookOf(null), ANY);
  expect(history.lack).toBe('kernel');
});

it('is read page by page, each page once', async () => {
  const kernel = new StoringKernel(450);
  await reading(kernel);
  expect([history.lack, history.runs.length, history.fit, history.all]).toEqual([null, 200, 450, 450]);
  expect(history.runs[0]).toMatchObject({ key: 'kept/run-0449', record: { question: { prompt: 'Question 449' } } });
  history.more();
  history.more();
  await settled();
  expect(history.runs).toHaveLength(400);
  history.more();
  await settled();
  history.more();
  await settled();
  expect(history.runs.map(({ row: { id } }) => id)).toEqual(kernel.rows.map(({ id }) => id));
  expect(kernel.asked.map(({ after }) => after)).toEqual(['', 'run-0250', 'run-0050']);
});

it('is not read again while nothing else is wanted', async () => {
  const kernel = new StoringKernel(3);
  const notebook = await reading(kernel);
  history.want(notebook, ANY);
  await settled();
  expect(kernel.asked).toHaveLength(1);
});

it('follows the last wish, and no answer to an earlier one', async () => {
  const kernel = new StoringKernel(30);
  const notebook = await reading(kernel);
  kernel.holds = true;
  history.want(notebook, { ...ANY, text: 'Question 1' });
  await settled();
  history.want(notebook, { ...ANY, text: 'Question 12' });
  await settled();
  kernel.release();
  await settled();
  expect(history.runs.map(({ row: { prompt } }) => prompt)).toEqual(['Question 12']);
  expect([history.fit, history.all]).toEqual([1, 30]);
});

it('has a kernel answer that does not yet', async () => {
  const kernel = new StoringKernel(3);
  kernel.serves = false;
  await reading(kernel);
  expect(kernel.executed).toHaveLength(1);
  expect(history.runs).toHaveLength(3);
});

it('tells a missing package from other faults, and can be asked again', async () => {
  const kernel = new StoringKernel(3);
  kernel.serves = kernel.hasPackage = false;
  await reading(kernel);
  expect(history.lack).toBe('package');
  kernel.hasPackage = true;
  history.refresh();
  await settled();
  expect([history.lack, history.runs.length]).toEqual([null, 3]);
});

it('does not wait for a kernel that is gone', async () => {
  const kernel = new StoringKernel(3);
  kernel.holds = true;
  await reading(kernel);
  expect(history.lack).toBe('reading');
  kernel.statusChanged.emit('restarting');
  await settled();
  expect(history.lack).toEqual({ fault: 'The kernel is gone.' });
  expect(told).toBe(1);
});

it('reads a record when it is needed, and keeps it', async () => {
  const kernel = new StoringKernel(3);
  await reading(kernel);
  const [first] = history.runs;
  const whole = first && (await history.whole(first));
  expect(whole?.record.rounds.length).toBeGreaterThan(1);
  history.refresh();
  await settled();
  expect(history.runs[0]?.isWhole).toBe(true);
  kernel.rows = [];
  await expect(history.runs[1] && history.whole(history.runs[1])).rejects.toThrow("There is no run 'run-0001'.");
});

it('is read anew when a run was deleted', async () => {
  const kernel = new StoringKernel(3);
  await reading(kernel);
  await history.runs[1]?.forget();
  await settled();
  expect(history.runs.map(({ row: { id } }) => id)).toEqual(['run-0002', 'run-0000']);
});
