/** Who writes into a notebook that several pages share. */

import type { INotebookModel } from '@jupyterlab/notebook';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { inTurn } from '../../extension/lab/src/sharing.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const shared = (clientID: number, pages: number[], isDisposed = false): INotebookModel =>
  ({
    collaborative: true,
    isDisposed,
    sharedModel: { awareness: { clientID, getStates: () => new Map(pages.map(page => [page, {}])) } }
  }) as unknown as INotebookModel;

it('a page alone writes at once', () => {
  const act = vi.fn();
  inTurn({ collaborative: false } as INotebookModel, 1, act);
  expect(act).toHaveBeenCalledTimes(1);
});

it('pages of a shared notebook write one after another, and the one that runs the cell before all of them', () => {
  const order: number[] = [];
  const pages = [70, 9, 300];
  for (const page of pages) {
    inTurn(shared(page, pages), 1, () => order.push(page));
  }
  vi.advanceTimersByTime(5_000);
  expect(order).toEqual([]);
  vi.advanceTimersToNextTimer();
  expect(order).toEqual([9]);
  vi.runAllTimers();
  expect(order).toEqual([9, 70, 300]);
});

it('a notebook that was closed meanwhile is left alone', () => {
  const act = vi.fn();
  inTurn(shared(1, [1], true), 0, act);
  vi.runAllTimers();
  expect(act).not.toHaveBeenCalled();
});
