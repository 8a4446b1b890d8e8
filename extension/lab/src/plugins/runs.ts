/** Provides the runs of the open notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { RunIndex } from '../runIndex.js';
import { IRunIndex } from '../tokens.js';

export const runs: JupyterFrontEndPlugin<IRunIndex> = {
  id: '@codesteer/lab:runs',
  description: 'Provides the runs of CodeSteer in the open notebooks.',
  autoStart: true,
  provides: IRunIndex,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker) => new RunIndex(tracker)
};
