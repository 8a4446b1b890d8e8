/** Provides the side panel. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { IPreferences } from '../preferences.js';
import { RunsPanel } from '../runsPanel.js';
import { IRunIndex, IRunsPanel } from '../tokens.js';
import { wordsOf } from '../words.js';

const RANK = 450;

export const panel: JupyterFrontEndPlugin<IRunsPanel> = {
  id: '@codesteer/lab:panel',
  description: 'Provides the side panel with the runs of CodeSteer.',
  autoStart: true,
  provides: IRunsPanel,
  requires: [IRunIndex, INotebookTracker, IPreferences],
  optional: [ILayoutRestorer, ITranslator],
  activate: (
    { shell, commands }: JupyterFrontEnd,
    index: IRunIndex,
    tracker: INotebookTracker,
    settings: IPreferences,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const made = new RunsPanel({ index, tracker, shell, commands, words: wordsOf(translator) });
    let { side, allNotebooks } = settings;
    shell.add(made, side, { rank: RANK, type: 'CodeSteer' });
    restorer?.add(made, made.id);
    made.showAll(allNotebooks);
    settings.changed.connect(() => {
      if (side !== settings.side) {
        ({ side } = settings);
        shell.add(made, side, { rank: RANK, type: 'CodeSteer' });
      }
      if (allNotebooks !== settings.allNotebooks) {
        ({ allNotebooks } = settings);
        made.showAll(allNotebooks);
      }
    });
    return made;
  }
};
