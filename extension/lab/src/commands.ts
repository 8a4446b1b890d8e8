/** What can be done with runs, as commands: for the palette, menus, keys, toolbars and other extensions. */

import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import {
  addBelowIcon,
  copyIcon,
  deleteIcon,
  downloadIcon,
  editIcon,
  type LabIcon,
  refreshIcon,
  stopIcon,
  tableRowsIcon,
  treeViewIcon
} from '@jupyterlab/ui-components';
import type { Format } from '@codesteer/view/parts/files.js';

import { CommandIDs } from './commandIds.js';
import type { Possible } from './doing.js';
import { codesteerIcon } from './icons.js';
import { type AnyRun, isKept, type Run } from './tokens.js';
import type { Words } from './words.js';

/** What the commands stand on. */
export interface Doing {
  /** The run of this key; by default the one that the reader is at. */
  readonly find: (key: string | undefined) => AnyRun | null;
  readonly running: () => readonly Run[];
  readonly possible: (run: AnyRun) => Possible;
  /** Why what the run would allow cannot be done where it is. */
  readonly hindrances: (run: AnyRun) => Readonly<Partial<Record<keyof Possible, string>>>;
  readonly show: () => void;
  readonly compose: () => void;
  readonly goTo: (run: Run) => Promise<void>;
  readonly open: (run: AnyRun) => void;
  readonly stop: (run: Run) => Promise<void>;
  readonly rerun: (run: AnyRun) => void;
  /** Goes on with these words; without any, has them written. */
  readonly goOn: (run: AnyRun, words: string) => void;
  readonly insert: (run: AnyRun) => void;
  readonly copy: (run: AnyRun) => void;
  readonly formats: (run: AnyRun) => readonly Format[];
  readonly download: (run: AnyRun, format: Format) => Promise<void>;
  /** Asks first. */
  readonly remove: (run: AnyRun) => Promise<void>;
  readonly compare: (first: AnyRun, second: AnyRun) => void;
}

type Args = ReadonlyPartialJSONObject;

const RUN = {
  run: { type: 'string', description: 'The key of the run; by default the one of the active cell or of the panel.' }
} as const;

const textOf = (args: Args, name: string): string | undefined =>
  typeof args[name] === 'string' ? args[name] : undefined;

/** Adds all commands; returns their names, in the order in which a palette shows them. */
export function addCommands(commands: CommandRegistry, doing: Doing, words: Words): string[] {
  const FORMAT_NAMES: Readonly<Record<Format, string>> = {
    json: words.__('Record (JSON)'),
    md: words.__('Markdown'),
    html: words.__('HTML'),
    py: words.__('Python program')
  };

  interface OfRun {
    readonly label: string;
    readonly caption: string;
    readonly icon: LabIcon;
    readonly args?: object;
    /** What the run must allow; nothing where every run does. */
    readonly deed?: keyof Possible;
    readonly act: (run: AnyRun, args: Args) => unknown;
  }

  const ofRun = (id: string, { label, caption, icon, args, deed, act }: OfRun): void => {
    const can = (run: AnyRun): boolean => deed === undefined || doing.possible(run)[deed];
    commands.addCommand(id, {
      label,
      // What is greyed out says why.
      caption: given => {
        const run = deed && doing.find(textOf(given, 'run'));
        return (run && doing.hindrances(run)[deed]) ?? caption;
      },
      icon,
      describedBy: { args: { type: 'object', properties: { ...RUN, ...args } } },
      isEnabled: given => {
        const run = doing.find(textOf(given, 'run'));
        return run !== null && can(run);
      },
      execute: given => {
        const run = doing.find(textOf(given, 'run'));
        return run && can(run) ? act(run, given) : undefined;
      }
    });
  };

  commands.addCommand(CommandIDs.show, {
    label: words.__('Show CodeSteer Runs'),
    caption: words.__('Show the runs of this notebook in the side bar'),
    icon: codesteerIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      doing.show();
    }
  });
  commands.addCommand(CommandIDs.compose, {
    label: words.__('New CodeSteer Run…'),
    caption: words.__('Write a %1 cell with the help of a form', '%%codesteer'),
    icon: codesteerIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      doing.compose();
    }
  });
  ofRun(CommandIDs.goTo, {
    label: words.__('Go to the Run'),
    caption: words.__('Show the cell of the run'),
    icon: treeViewIcon,
    deed: 'goTo',
    act: run => (isKept(run) ? undefined : doing.goTo(run))
  });
  ofRun(CommandIDs.open, {
    label: words.__('Show the Rounds of the Run'),
    caption: words.__('Show the rounds of the run in the side bar'),
    icon: treeViewIcon,
    act: doing.open
  });
  ofRun(CommandIDs.stop, {
    label: words.__('Stop the Run'),
    caption: words.__('End the run and keep what it has'),
    icon: stopIcon,
    deed: 'stop',
    act: run => (isKept(run) ? undefined : doing.stop(run))
  });
  commands.addCommand(CommandIDs.stopAll, {
    label: words.__('Stop All CodeSteer Runs'),
    caption: words.__('End the runs of all open notebooks and keep what they have'),
    icon: stopIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => doing.running().length > 0,
    execute: async () => {
      await Promise.all(doing.running().map(run => doing.stop(run)));
    }
  });
  ofRun(CommandIDs.rerun, {
    label: words.__('Run Again'),
    caption: words.__('Ask the question of the run again'),
    icon: refreshIcon,
    deed: 'rerun',
    act: doing.rerun
  });
  ofRun(CommandIDs.goOn, {
    label: words.__('Continue the Run with Feedback…'),
    caption: words.__('Begin a run that goes on from this one with your words'),
    icon: editIcon,
    args: { text: { type: 'string', description: 'What should be different; without it a field is shown.' } },
    deed: 'feedback',
    act: (run, args) => {
      doing.goOn(run, textOf(args, 'text') ?? '');
    }
  });
  ofRun(CommandIDs.insert, {
    label: words.__('Insert the Code of the Run Below'),
    caption: words.__('Put the program of the answer into a cell below'),
    icon: addBelowIcon,
    deed: 'insert',
    act: doing.insert
  });
  ofRun(CommandIDs.copy, {
    label: words.__('Copy the Answer of the Run'),
    caption: words.__('Put the answer on the clipboard'),
    icon: copyIcon,
    deed: 'copy',
    act: doing.copy
  });
  commands.addCommand(CommandIDs.export, {
    label: args => {
      const format = textOf(args, 'format') as Format | undefined;
      const name = format ? FORMAT_NAMES[format] : FORMAT_NAMES.json;
      return args.short ? name : words.__('Export the Run: %1', name);
    },
    caption: words.__('Save the run as a file'),
    icon: args => (args.short ? undefined : downloadIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          ...RUN,
          format: { type: 'string', enum: Object.keys(FORMAT_NAMES), description: 'The form; JSON by default.' },
          short: { type: 'boolean', description: 'Whether the label names the format alone.' }
        }
      }
    },
    isEnabled: args => {
      const run = doing.find(textOf(args, 'run'));
      return run !== null && doing.formats(run).includes((textOf(args, 'format') ?? 'json') as Format);
    },
    execute: async args => {
      const run = doing.find(textOf(args, 'run'));
      if (run) {
        await doing.download(run, (textOf(args, 'format') ?? 'json') as Format);
      }
    }
  });
  ofRun(CommandIDs.remove, {
    label: words.__('Delete the Run…'),
    caption: words.__('Take the run out of the notebook and out of the history'),
    icon: deleteIcon,
    deed: 'forget',
    act: doing.remove
  });
  commands.addCommand(CommandIDs.compare, {
    label: words.__('Compare Two Runs'),
    caption: words.__('Show two runs side by side'),
    icon: tableRowsIcon,
    describedBy: {
      args: {
        type: 'object',
        required: ['first', 'second'],
        properties: {
          first: { type: 'string', description: 'The key of a run.' },
          second: { type: 'string', description: 'The key of another.' }
        }
      }
    },
    isVisible: args => 'first' in args,
    execute: args => {
      const [first, second] = [textOf(args, 'first'), textOf(args, 'second')];
      const runs = [first, second].map(key => (key === undefined ? null : doing.find(key)));
      if (runs[0] && runs[1]) {
        doing.compare(runs[0], runs[1]);
      }
    }
  });
  return Object.values(CommandIDs).filter(id => id !== CommandIDs.compare && id !== CommandIDs.goTo);
}
