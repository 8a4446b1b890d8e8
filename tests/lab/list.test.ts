/** The list of runs: its rows, what is chosen, and the keys. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { RunList } from '../../extension/lab/src/panel/list.js';
import type { AnyRun } from '../../extension/lab/src/tokens.js';
import { ENGLISH, languageOf } from '../../extension/lab/src/words.js';
import { recordOf, runOf } from './fakes.js';

const HEIGHT = 370;
const runs = Array.from({ length: 200 }, (_, n) => runOf(recordOf('refined', { id: `run-${n}` })));
const onChoose = vi.fn<(run: AnyRun) => void>();
const onOpen = vi.fn<(run: AnyRun) => void>();
const onEnd = vi.fn<() => void>();
let list: RunList;

beforeEach(() => {
  onChoose.mockClear();
  onOpen.mockClear();
  onEnd.mockClear();
  let grown: () => void = () => undefined;
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(callback: () => void) {
        grown = callback;
      }
      observe(): void {
        // The test says when.
      }
      disconnect(): void {
        // Nothing is watched.
      }
    }
  );
  list = new RunList(ENGLISH, languageOf(ENGLISH), { onChoose, onOpen, onSelect: () => undefined, onEnd });
  document.body.append(list.node);
  Object.defineProperty(list.node, 'clientHeight', { value: HEIGHT });
  grown();
  list.show(runs);
});

afterEach(() => {
  list.dispose();
  list.node.remove();
  vi.unstubAllGlobals();
});

const rows = (): HTMLElement[] => [...list.node.querySelectorAll<HTMLElement>('[role=option]')];
const press = (key: string): void => {
  list.node.dispatchEvent(new KeyboardEvent('keydown', { key }));
};
const active = (): string | undefined =>
  document.getElementById(list.node.getAttribute('aria-activedescendant') ?? '')?.dataset.place;

it('draws what can be seen, and says how many there are', () => {
  expect(rows().length).toBeLessThan(20);
  expect(rows()[0]?.getAttribute('aria-setsize')).toBe('200');
  press('End');
  expect(rows().length).toBeLessThan(20);
  expect(active()).toBe('199');
});

it('goes by keys, and never beyond its ends', () => {
  press('ArrowUp');
  expect(active()).toBe('0');
  press('ArrowDown');
  press('ArrowDown');
  expect(active()).toBe('2');
  press('Enter');
  expect(onChoose).toHaveBeenCalledWith(runs[2]);
  press('ArrowRight');
  expect(onOpen).toHaveBeenCalledWith(runs[2]);
});

it('compares the last two that were taken', () => {
  const keys = (): string[] => list.chosen.map(({ key }) => key);
  press(' ');
  press('ArrowDown');
  press(' ');
  expect(keys()).toEqual(['run-0', 'run-1']);
  press('ArrowDown');
  press(' ');
  expect(keys()).toEqual(['run-1', 'run-2']);
  press(' ');
  expect(keys()).toEqual(['run-1']);
});

it('lets go of a chosen run that is gone', () => {
  press('Enter');
  list.show(runs.slice(1));
  expect(list.chosen).toEqual([]);
  expect(active()).toBe('0');
});

it('says how many there are beyond those that were read, and asks for more at the end', () => {
  list.show(runs, 10_000);
  expect(rows()[0]?.getAttribute('aria-setsize')).toBe('10000');
  expect(onEnd).not.toHaveBeenCalled();
  press('End');
  expect(onEnd).toHaveBeenCalled();
});
