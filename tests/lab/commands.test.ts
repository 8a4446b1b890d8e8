/** The commands: which run they mean, when they can be given, what they say of themselves. */

import { CommandRegistry } from '@lumino/commands';
import { beforeEach, expect, it, vi } from 'vitest';

import schema from '../../extension/lab/schema/preferences.json';
import { CommandIDs } from '../../extension/lab/src/commandIds.js';
import { addCommands, type Doing } from '../../extension/lab/src/commands.js';
import type { Possible } from '../../extension/lab/src/doing.js';
import type { Run } from '../../extension/lab/src/tokens.js';
import { ENGLISH } from '../../extension/lab/src/words.js';
import { recordOf, runOf } from './fakes.js';

vi.mock('@jupyterlab/ui-components', () => {
  class LabIcon {
    readonly name = 'icon';
  }
  const names = 'addBelow copy delete download edit refresh stop tableRows treeView'.split(' ');
  return { LabIcon, ...Object.fromEntries(names.map(name => [`${name}Icon`, new LabIcon()])) };
});

const ALL: Possible = { goTo: true, stop: true, rerun: true, feedback: true, insert: true, copy: true, forget: true };
const run = runOf(recordOf('refined'), 'here');
let can: Possible;
let held: Partial<Record<keyof Possible, string>>;
let current: Run | null;
let done: string[];
let commands: CommandRegistry;

beforeEach(() => {
  can = ALL;
  held = {};
  current = run;
  done = [];
  commands = new CommandRegistry();
  const note =
    (name: string) =>
    (...given: unknown[]): void => {
      done.push([name, ...given.map(one => (one === run ? 'run' : String(one)))].join(' '));
    };
  const later =
    (name: string) =>
    (given: unknown): Promise<void> => {
      note(name)(given);
      return Promise.resolve();
    };
  const doing: Doing = {
    find: key => (key === undefined ? current : key === run.key ? run : null),
    running: () => [run],
    possible: () => can,
    hindrances: () => held,
    formats: () => ['json', 'py'],
    show: note('show'),
    compose: note('compose'),
    goTo: later('goTo'),
    open: note('open'),
    stop: later('stop'),
    rerun: note('rerun'),
    goOn: note('goOn'),
    insert: note('insert'),
    copy: note('copy'),
    download: (run, format) => {
      note('download')(run, format);
      return Promise.resolve();
    },
    remove: later('remove'),
    compare: note('compare')
  };
  addCommands(commands, doing, ENGLISH);
});

it.each(Object.values(CommandIDs))('%s has a label, a caption, an icon and a schema of its arguments', async id => {
  expect(commands.label(id)).not.toBe('');
  expect(commands.caption(id)).not.toBe('');
  expect(commands.icon(id)).toBeDefined();
  expect((await commands.describedBy(id)).args).toMatchObject({ type: 'object' });
});

it('mean the run at hand, or the one that is named', async () => {
  await commands.execute(CommandIDs.insert);
  await commands.execute(CommandIDs.goOn, { run: 'here', text: 'Shorter.' });
  await commands.execute(CommandIDs.export, { run: 'here', format: 'py' });
  await commands.execute(CommandIDs.compare, { first: 'here', second: 'here' });
  expect(done).toEqual(['insert run [object Object]', 'goOn run Shorter.', 'download run py', 'compare run run']);
});

it('do nothing where there is no run, or nothing can be done', async () => {
  can = { ...ALL, stop: false };
  expect(commands.isEnabled(CommandIDs.stop)).toBe(false);
  await commands.execute(CommandIDs.stop);
  current = null;
  expect(commands.isEnabled(CommandIDs.rerun)).toBe(false);
  expect(commands.isEnabled(CommandIDs.export, { format: 'json' })).toBe(false);
  await commands.execute(CommandIDs.rerun, { run: 'gone' });
  expect(done).toEqual([]);
});

it('say why they are greyed out', () => {
  held = { insert: 'This notebook is read-only.' };
  expect(commands.caption(CommandIDs.insert)).toBe('This notebook is read-only.');
  expect(commands.caption(CommandIDs.copy)).not.toBe('This notebook is read-only.');
});

it('export what there is', () => {
  expect(commands.isEnabled(CommandIDs.export, { format: 'py' })).toBe(true);
  expect(commands.isEnabled(CommandIDs.export, { format: 'html' })).toBe(false);
  expect(commands.label(CommandIDs.export, { format: 'py', short: true })).toBe('Python program');
});

it('are the ones that menus, keys and toolbars name', () => {
  const named = [...JSON.stringify(schema).matchAll(/"command":"([^"]+)"/g)].map(([, id]) => id);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(id => !commands.hasCommand(id ?? ''))).toEqual([]);
});
