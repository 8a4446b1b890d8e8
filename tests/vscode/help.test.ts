// @vitest-environment node
/** Completion and hover in `%%codesteer` cells. */

import type { CancellationToken, CompletionContext, TextDocument } from 'vscode';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { optionAt, suggestions } from '../../extension/vscode/src/host/magicLine.js';
import { OPTIONS, takesValue } from '../../extension/vscode/src/host/options.js';
import { bundleOf, FakeNotebook } from './fakes/notebook.js';
import { begun, start, type Started } from './fakes/started.js';
import { type CompletionItem, type Hover, Position } from './fakes/values.js';

const NAMES = { models: ['mine/model'], runs: ['run-2', 'run-1'] };
const texts = (before: string): string[] => suggestions(before, NAMES).map(({ text }) => text);

describe('after %%codesteer', () => {
  it('come the options', () => {
    expect(texts('%%codesteer ')).toEqual(OPTIONS.map(({ names }) => names[0]));
    expect(texts('%%codesteer --st')).toEqual(['--steerer', '--start']);
    expect(texts('%%codesteer --rounds 3 --tar')).toEqual(['--target']);
    expect(suggestions('%%codesteer --tar', NAMES)[0]).toMatchObject({
      from: 12,
      about: 'the model that answers (default: embedded)'
    });
  });

  it('comes nothing before a space, in other cells, and below', () => {
    expect(texts('%%codesteer')).toEqual([]);
    expect(texts('%%codesteerage --')).toEqual([]);
    expect(texts('print(--')).toEqual([]);
  });

  it('come the values of an option, in each way to write it', () => {
    expect(texts('%%codesteer --start ')).toEqual(['code', 'text']);
    expect(texts('%%codesteer --start=t')).toEqual(['text']);
    expect(texts('%%codesteer -t ')[0]).toBe('mine/model');
    expect(texts('%%codesteer --target local/')).toContain('local/smollm2-135m');
    expect(texts('%%codesteer --continue run')).toEqual(['run-2', 'run-1']);
    expect(suggestions('%%codesteer --start=t', NAMES)[0]?.from).toBe('%%codesteer --start='.length);
  });

  it('comes no option where a number is awaited, and options after a switch', () => {
    expect(texts('%%codesteer --rounds ')).toEqual([]);
    expect(texts('%%codesteer --quiet --ste')).toEqual(['--steerer']);
  });
});

describe('after %codesteer', () => {
  it('come the commands, and the runs of those that take one', () => {
    expect(texts('%codesteer re')).toEqual(['rerun', 'replay']);
    expect(texts('answer = %codesteer sho')).toEqual(['show']);
    expect(texts('%codesteer show ')).toEqual(['last', 'run-2', 'run-1']);
  });
});

describe('an option below the mouse', () => {
  it('is found by each of its names', () => {
    const line = '%%codesteer -t embedded --rounds=3 what--seed';
    expect(optionAt(line, 13)?.option.names).toContain('--target');
    expect(optionAt(line, 28)).toMatchObject({ start: 24, end: 32 });
    expect(optionAt(line, line.length - 1)).toBeNull();
    expect(optionAt(line, 2)).toBeNull();
    expect(optionAt('foo --rounds', 6)).toBeNull();
  });
});

it('every option has its line of help, and values where it takes some', () => {
  for (const option of OPTIONS) {
    expect(option.help).not.toBe('');
    expect(takesValue(option)).toBe(option.value !== '');
  }
});

describe('in a notebook', () => {
  let started: Started;
  const notebook = new FakeNotebook();
  notebook.with('%%codesteer', bundleOf(begun('newest', 2)));
  const cell = notebook.with('\n%%codesteer --continue \n%%codesteer --st');

  beforeEach(() => {
    started = start(world => {
      world.open(notebook);
    });
  });

  afterEach(() => {
    started.stop();
  });

  const ask = (document: TextDocument, line: number): CompletionItem[] => {
    const at = new Position(line, document.lineAt(line).text.length);
    return started.world.completion?.provideCompletionItems(
      ...([document, at, {} as CancellationToken, {} as CompletionContext] as never as Parameters<
        NonNullable<typeof started.world.completion>['provideCompletionItems']
      >)
    ) as unknown as CompletionItem[];
  };

  it('its runs complete what goes on from one', () => {
    expect(ask(cell.document, 1).map(({ label }) => label)).toEqual(['last', 'newest']);
  });

  it('only the first line of a cell is asked', () => {
    expect(ask(cell.document, 2)).toEqual([]);
  });

  it('the mouse tells what an option is', () => {
    const at = new Position(1, 16) as never;
    const hover = started.world.hover?.provideHover(cell.document, at, {} as CancellationToken) as unknown as Hover;
    expect(hover.contents[0]?.value).toContain('--continue RUN');
    expect(
      started.world.hover?.provideHover(cell.document, new Position(2, 16) as never, {} as CancellationToken)
    ).toBe(null);
  });
});
