/** Provides the runs of the open notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { RunIndex } from '../runIndex.js';
import { IRunIndex } from '../tokens.js';

/** The notebook's own command: its toolbar, menu and keys all give it. */
const INTERRUPT = 'notebook:interrupt-kernel';

export const runs: JupyterFrontEndPlugin<IRunIndex> = {
  id: '@codesteer/lab:runs',
  description: 'Provides the runs of CodeSteer in the open notebooks.',
  autoStart: true,
  provides: IRunIndex,
  requires: [INotebookTracker],
  activate: ({ commands }: JupyterFrontEnd, tracker: INotebookTracker) => {
    const index = new RunIndex(tracker);
    commands.commandExecuted.connect((_, { id, result }) => {
      const panel = tracker.currentWidget;
      if (id === INTERRUPT && panel) {
        index.interrupted(panel, result);
      }
    });
    return index;
  }
};
