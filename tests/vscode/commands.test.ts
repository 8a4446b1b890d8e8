// @vitest-environment node
/** Every command, as a reader calls it: by a key, from the tree, below a cell. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { COMMANDS } from '../../extension/vscode/src/host/commands/index.js';
import { isRun, type Run } from '../../extension/vscode/src/host/run.js';
import { isGroup } from '../../extension/vscode/src/host/tree.js';
import { bundleOf, type FakeCell, FakeNotebook } from './fakes/notebook.js';
import { begun, recordOf, start, type Started } from './fakes/started.js';
import { Uri } from './fakes/values.js';

let started: Started;
let notebook: FakeNotebook;
let asking: FakeCell;
let showing: FakeCell;

const first = begun('first', 1);
const second = begun('second', 2, 'rich');

beforeEach(() => {
  vi.useFakeTimers();
  notebook = new FakeNotebook();
  asking = notebook.with('%%codesteer --rounds 3\nWhat is it?', bundleOf(first));
  showing = notebook.with('%codesteer show second', bundleOf(second));
  started = start(world => {
    world.open(notebook);
  });
});

afterEach(() => {
  started.stop();
  vi.useRealTimers();
});

const sources = (): string[] => notebook.getCells().map(({ document }) => document.getText());
const runs = (): Run[] =>
  started
    .children()
    .filter(isGroup)
    .flatMap(({ entries }) => entries)
    .filter(isRun);
const run = (id: string): Run => {
  const found = runs().find(({ record }) => record.id === id);
  if (!found) {
    throw new Error(`no run ${id}`);
  }
  return found;
};
const rangeOf = (cell: FakeCell): object => ({
  ranges: [{ start: cell.index, end: cell.index + 1 }],
  document: notebook.uri
});
/** A run that goes on in a cell of its own. */
function begin(id = 'live'): FakeCell {
  const cell = notebook.with('%%codesteer\nWait.');
  notebook.output(cell, bundleOf(recordOf('streaming', { id })));
  return cell;
}

it('are all there', () => {
  expect([...started.world.commands.keys()]).toEqual(Object.keys(COMMANDS));
});

describe('the run that a command is about', () => {
  it('is that of the tree, of the cell, of the chosen cell, and else one that is picked', async () => {
    await started.run('codesteer.copyAnswer', run('second'));
    expect(started.world.clipboard).toBe(second.answer?.text);
    await started.run('codesteer.copyAnswer', asking);
    expect(started.world.clipboard).toBe(first.answer?.text);
    started.world.selection = { start: 1, end: 2 };
    await started.run('codesteer.copyAnswer');
    expect(started.world.clipboard).toBe(second.answer?.text);
    notebook.with('print(1)');
    started.world.selection = { start: 2, end: 3 };
    started.world.answers.push(undefined);
    await started.run('codesteer.copyAnswer');
    expect(started.world.asked[0]?.labels).toHaveLength(2);
    expect(started.world.asked[0]?.labels[0]).toContain(second.question.prompt.slice(0, 20));
  });

  it('is that of the tree as it is now, not as it was drawn', async () => {
    const drawn = run('first');
    notebook.output(asking, bundleOf({ ...first, answer: { text: 'newer', result: '', round: 1, code: null } }));
    await started.run('codesteer.copyAnswer', drawn);
    expect(started.world.clipboard).toBe('newer');
  });

  it('is named so that nothing in its question is drawn as an icon', async () => {
    notebook.output(asking, bundleOf({ ...first, question: { ...first.question, prompt: '$(trash) $( 5 )' } }));
    notebook.with('print(1)');
    started.world.selection = { start: 2, end: 3 };
    started.world.answers.push(undefined);
    await started.run('codesteer.export');
    expect(started.world.asked[0]?.labels).toContain('\\$(trash) $( 5 )');
  });

  it('may be missing: the reader is told', async () => {
    started.world.close(notebook);
    for (const id of ['runAgain', 'stop', 'insertCode', 'copyAnswer', 'export', 'compare', 'openDetails', 'reveal']) {
      await started.run(`codesteer.${id}`);
    }
    expect(started.world.errors).toHaveLength(8);
    expect(new Set(started.world.errors)).toContain('There is no run of CodeSteer yet.');
  });
});

describe('insert a cell', () => {
  const choose = async (...choices: ((input: Started['world']['inputs'][number]) => void)[]): Promise<void> => {
    const { inputs } = started.world;
    const before = inputs.length;
    const done = started.run('codesteer.insertCell');
    for (const [place, choice] of choices.entries()) {
      await vi.waitUntil(() => inputs.length > before + place);
      const input = inputs[before + place];
      if (input) {
        choice(input);
      }
    }
    await done;
  };

  it('writes what was chosen below the chosen cell, and begins to edit it', async () => {
    await choose(
      input => {
        input.accept('local/qwen2.5-coder-0.5b');
      },
      input => {
        input.accept('By default');
      }
    );
    expect(sources()[1]).toBe('%%codesteer --target local/qwen2.5-coder-0.5b\n');
    expect(started.world.selection).toEqual({ start: 1, end: 2 });
    expect(started.world.calls('notebook.cell.edit')).toHaveLength(1);
  });

  it('takes any name that is typed, and remembers it', async () => {
    const other = "openai/my model's@http://127.0.0.1:1/v1";
    await choose(
      input => {
        input.type(other);
        input.accept();
      },
      input => {
        input.accept('embedded');
      }
    );
    expect(sources()[1]).toContain(`--target 'openai/my model'"'"'s@http://127.0.0.1:1/v1' --steerer embedded`);
    await choose(input => {
      expect(input.items[0]).toMatchObject({ label: other, description: 'last used' });
      input.hide();
    });
  });

  it('goes on typing after the beginning of a name', async () => {
    await choose(input => {
      input.accept('anthropic/');
      expect(input.value).toBe('anthropic/');
      input.hide();
    });
    expect(notebook.cellCount).toBe(2);
  });

  it('offers the models of the runs', async () => {
    await choose(input => {
      expect(input.items.map(({ label }) => label)).toContain(second.models.target);
      input.hide();
    });
  });

  it('writes the settings, and takes no notice of settings of a wrong type', async () => {
    const { settings } = started.world;
    settings.set('rounds', 4).set('budget.seconds', 90).set('budget.tokens', -5).set('budget.cost', 'free');
    settings.set('target', 'hosted').set('steerer', 7);
    await choose(
      input => {
        input.accept('hosted');
      },
      input => {
        input.accept('By default');
      }
    );
    expect(sources()[1]).toBe('%%codesteer --target hosted --rounds 4 --timeout 90\n');
  });

  it('loads the magics where no cell does, and makes a notebook where there is none', async () => {
    started.world.close(notebook);
    await choose(
      input => {
        input.accept('embedded');
      },
      input => {
        input.accept('By default');
      }
    );
    const made = started.world.active;
    expect(made?.uri.scheme).toBe('untitled');
    expect(made?.getCells().map(({ document }) => document.getText())).toEqual([
      '%load_ext codesteer',
      '%%codesteer --target embedded\n'
    ]);
  });

  it('writes nothing when the reader gives up', async () => {
    await choose(
      input => {
        input.accept('embedded');
      },
      input => {
        input.hide();
      }
    );
    expect(notebook.cellCount).toBe(2);
    expect(started.memory.get('last.target')).toBe('embedded');
  });

  it('says so where the notebook cannot be changed', async () => {
    notebook.isWritable = false;
    await choose(
      input => {
        input.accept('embedded');
      },
      input => {
        input.accept('By default');
      }
    );
    expect(started.world.errors).toEqual(['This notebook cannot be changed.']);
  });
});

describe('run again', () => {
  it('runs the cell that asked', async () => {
    await started.run('codesteer.runAgain', asking);
    expect(started.world.calls('notebook.cell.execute')).toEqual([[rangeOf(asking)]]);
    expect(notebook.cellCount).toBe(2);
  });

  it('asks by the name of the run where its cell only shows it', async () => {
    await started.run('codesteer.runAgain', run('second'));
    expect(sources()[2]).toBe('%codesteer rerun second');
    expect(started.world.calls('notebook.cell.execute')).toEqual([[rangeOf(notebook.cellAt(2))]]);
  });

  it('puts no name into a cell that is more than a name', async () => {
    notebook.output(showing, bundleOf({ ...second, id: 'x\n!rm -rf ~' }));
    await started.run('codesteer.runAgain', showing);
    expect(notebook.cellCount).toBe(2);
    expect(started.world.errors[0]).toContain('no name to call it by');
  });

  it('opens the notebook of a run that is a file only', async () => {
    const uri = Uri.file('/books/saved.ipynb');
    const cells = [{ cell_type: 'code', source: '%%codesteer\nSaved?', outputs: [{ data: bundleOf(begun('s', 3)) }] }];
    started.world.file(uri, JSON.stringify({ cells }));
    const [view] = started.world.treeViews;
    if (view) {
      view.visible = true;
    }
    started.world.treeVisibility.fire({ visible: true });
    await vi.advanceTimersByTimeAsync(1_000);
    await started.run('codesteer.runAgain', run('s'));
    expect(started.world.active?.uri.path).toBe(uri.path);
    expect(started.world.calls('notebook.cell.execute')).toMatchObject([[{ document: { path: uri.path } }]]);
  });

  it('goes on with what the reader wrote', async () => {
    started.world.answers.push(' Shorter. ');
    await started.run('codesteer.continue', asking);
    expect(sources()[1]).toBe('%%codesteer --rounds 3 --continue first\nShorter.');
    expect(started.world.calls('notebook.cell.execute')).toHaveLength(1);
    started.world.answers.push('  ');
    await started.run('codesteer.continue', asking);
    expect(notebook.cellCount).toBe(3);
  });
});

describe('stop', () => {
  it('cancels the cell of the only run that goes on', async () => {
    const cell = begin();
    const done = started.run('codesteer.stop');
    await vi.advanceTimersByTimeAsync(10);
    expect(started.world.calls('notebook.cell.cancelExecution')).toEqual([[rangeOf(cell)]]);
    expect(run('live').isStopping).toBe(true);
    notebook.end(cell, false);
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    expect(started.world.calls('jupyter.interruptkernel')).toEqual([]);
  });

  it('interrupts the kernel by the Jupyter extension where cancelling brought nothing', async () => {
    const interrupt = vi.fn();
    started.world.extensions.set('ms-toolsai.jupyter', { isActive: true });
    started.world.commands.set('jupyter.interruptkernel', interrupt);
    const done = started.run('codesteer.stop', begin());
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    expect(interrupt).toHaveBeenCalledWith({ notebookEditor: { notebookUri: notebook.uri } });
  });

  it('needs no Jupyter extension', async () => {
    const done = started.run('codesteer.stop', begin());
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    expect(started.world.errors).toEqual([]);
  });

  it('has the reader pick one of several', async () => {
    begin('one');
    begin('two');
    started.world.selection = { start: 9, end: 10 };
    started.world.answers.push(undefined);
    await started.run('codesteer.stop');
    expect(started.world.asked[0]?.labels).toHaveLength(2);
    expect(started.world.calls('notebook.cell.cancelExecution')).toEqual([]);
  });

  it('says so where nothing goes on', async () => {
    started.world.selection = { start: 9, end: 10 };
    await started.run('codesteer.stop', run('first'));
    expect(started.world.errors).toEqual(['This run is not going on.']);
  });
});

describe('take', () => {
  it('the program, into a cell below', async () => {
    await started.run('codesteer.insertCode', asking);
    expect(sources()[1]).toBe(first.answer?.code ?? first.rounds.at(-1)?.answer.code);
  });

  it('nothing where there is no program', async () => {
    notebook.output(asking, bundleOf({ ...first, answer: null, rounds: [] }));
    await started.run('codesteer.insertCode', asking);
    await started.run('codesteer.copyAnswer', asking);
    expect(started.world.errors).toEqual(['This run has no program.', 'This run has no answer.']);
  });

  it.each([
    ['Record (JSON)', '/books/first.codesteer.json', `${JSON.stringify(first, null, 1)}\n`],
    ['Markdown', '/books/first.md', '# a run\n'],
    ['HTML', '/books/first.html', '<p>a run</p>'],
    ['Python program', '/books/first.py', first.answer?.code ?? '']
  ])('a file: %s', async (name, path, text) => {
    started.world.answers.push(name, path, 'Open');
    await started.run('codesteer.export', asking);
    const [, place] = started.world.asked;
    expect(place?.title).toBe(path);
    const saved = started.world.files.get(Uri.file(path).toString());
    expect(new TextDecoder().decode(saved?.bytes)).toBe(text);
    expect(started.world.openedTexts).toEqual([path]);
  });

  it('only the forms that there are, and none when the reader gives up', async () => {
    notebook.output(asking, { ...bundleOf({ ...first, answer: null, rounds: [] }), 'text/html': new Uint8Array() });
    started.world.answers.push('Markdown', undefined);
    await started.run('codesteer.export', asking);
    expect(started.world.asked[0]?.labels).not.toContain('Python program');
    expect(started.world.files.size).toBe(0);
  });
});

describe('compare', () => {
  it('two runs that are chosen in the tree', async () => {
    const chosen = [run('first'), run('second')];
    await started.run('codesteer.compare', chosen[0], chosen);
    const [panel] = started.world.panels;
    expect(panel?.viewType).toBe('codesteer.comparison');
    panel?.say({ type: 'ready' });
    expect(panel?.sent).toMatchObject([{ type: 'runs', first: { id: 'first' }, second: { id: 'second' } }]);
  });

  it('one run with another that is picked', async () => {
    started.world.answers.push(undefined);
    await started.run('codesteer.compare', asking);
    expect(started.world.asked[0]?.labels).toHaveLength(1);
    expect(started.world.panels).toEqual([]);
    started.world.answers.push(started.world.asked[0]?.labels[0]);
    await started.run('codesteer.compare', asking);
    expect(started.world.panels).toHaveLength(1);
  });

  it('nothing where there is one run only', async () => {
    notebook.remove(showing);
    await started.run('codesteer.compare', asking);
    expect(started.world.errors).toEqual(['There is no other run to compare with.']);
  });
});

describe('show', () => {
  it('the cell of a run', async () => {
    await started.run('codesteer.reveal', run('second'));
    expect(started.world.shown.at(-1)).toMatchObject({ notebook, selections: [{ start: 1, end: 2 }] });
  });

  it('the notebook, where the cell has gone', async () => {
    const gone = { ...run('second'), cell: null, index: 99 };
    await started.run('codesteer.reveal', gone);
    expect(started.world.shown.at(-1)?.selections).toEqual([]);
    expect(started.world.errors).toEqual(['The cell of this run is no longer in its notebook.']);
  });

  it('what there is, read anew', async () => {
    notebook.with('%%codesteer', bundleOf(begun('third', 3)));
    expect(runs()).toHaveLength(2);
    await started.run('codesteer.refresh');
    expect(runs()).toHaveLength(3);
  });

  it('how to begin', async () => {
    await started.run('codesteer.getStarted');
    expect(started.world.calls('workbench.action.openWalkthrough')).toEqual([['codesteer.codesteer-vscode#start']]);
  });
});

it('a workspace that is not trusted: nothing is written or run', async () => {
  started.world.isTrusted = false;
  for (const id of ['insertCell', 'runAgain', 'continue', 'insertCode']) {
    await started.run(`codesteer.${id}`, asking);
  }
  expect(notebook.cellCount).toBe(2);
  expect(started.world.executed).toEqual([]);
  expect(started.world.errors).toHaveLength(4);
  expect(started.world.errors[0]).toContain('not trusted');
  await started.run('codesteer.copyAnswer', asking);
  expect(started.world.clipboard).toBe(first.answer?.text);
});

it('what goes wrong in VS Code is told, not thrown', async () => {
  started.world.commands.set('notebook.cell.execute', () => {
    throw new Error('no kernel');
  });
  await started.run('codesteer.runAgain', asking);
  expect(started.world.errors).toEqual(['CodeSteer could not do this: no kernel']);
});

describe('around', () => {
  it('menus know which cells have runs, and which go on', async () => {
    const cell = begin();
    await vi.advanceTimersByTimeAsync(1_000);
    const { contexts } = started.world;
    expect(contexts.get('codesteer.cells')).toEqual([asking, showing, cell].map(one => one.document.uri.toString()));
    expect(contexts.get('codesteer.liveCells')).toEqual([cell.document.uri.toString()]);
    expect(contexts.get('codesteer.running')).toBe(true);
    notebook.end(cell);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(contexts.get('codesteer.running')).toBe(false);
    expect(contexts.get('codesteer.hasRuns')).toBe(true);
  });

  it('the status bar has an item while a run goes on, with a clock', async () => {
    const [item] = started.world.statusItems;
    expect(item?.isShown).toBe(false);
    const cell = begin();
    await vi.advanceTimersByTimeAsync(200);
    expect(item?.isShown).toBe(true);
    expect(item?.text).toMatch(/^\$\(loading~spin\) CodeSteer: Round \d of \d · \d+ s$/);
    const before = item?.text;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(item?.text).not.toBe(before);
    begin('two');
    await vi.advanceTimersByTimeAsync(200);
    expect(item?.text).toBe('$(loading~spin) CodeSteer: 2 runs');
    started.world.set('view.statusBar', false);
    expect(item?.isShown).toBe(false);
    started.world.set('view.statusBar', true);
    notebook.end(cell);
    notebook.end(notebook.cellAt(3));
    await vi.advanceTimersByTimeAsync(200);
    expect(item?.isShown).toBe(false);
  });
});
