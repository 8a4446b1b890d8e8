/** What the panel says where it has no run to show: why, and what to do about it. */

import type { NotebookPanel } from '@jupyterlab/notebook';

import type { Words } from '../words.js';
import type { Lack } from './history.js';

/** Whose runs are listed: the active notebook's, those of all open ones, those on disk. */
export type Scope = 'notebook' | 'open' | 'kept';

/** A list without runs. */
export interface Emptiness {
  readonly scope: Scope;
  /** Why the runs on disk are not listed; null where they are, or others are. */
  readonly lack: Lack | null;
  /** How many runs there are that do not fit the search. */
  readonly all: number;
  readonly notebook: NotebookPanel | null;
}

/** Returns why the list is empty, and what helps. */
export function whyEmpty({ scope, lack, all, notebook }: Emptiness, words: Words): readonly [string, string] {
  const kernel = notebook?.sessionContext.session?.kernel;
  if (lack !== null) {
    return whyUnread(lack, kernel?.status === 'busy', words);
  }
  if (all > 0) {
    return [words.__('No run fits.'), words.__('Change the search or the filters above.')];
  }
  if (scope === 'kept') {
    return [words.__('No runs are kept yet.'), words.__('Every run is kept on disk; ask a question first.')];
  }
  if (!notebook && scope === 'notebook') {
    return [words.__('No notebook is open.'), words.__('Open one to see its runs.')];
  }
  if (notebook && !kernel) {
    return [
      words.__('No runs in this notebook.'),
      words.__('It has no kernel: start one to ask a question, or open a notebook with saved runs.')
    ];
  }
  return [words.__('No runs yet.'), words.__('Begin a cell with %1, or choose New run.', '%%codesteer')];
}

function whyUnread(lack: Lack, isBusy: boolean, words: Words): readonly [string, string] {
  switch (lack) {
    case 'notebook':
      return [words.__('No notebook is open.'), words.__("A notebook's kernel reads the runs on disk: open one.")];
    case 'kernel':
      return [words.__('This notebook has no kernel.'), words.__('The kernel reads the runs on disk: start one.')];
    case 'package':
      return [
        words.__("CodeSteer is not installed in this kernel's environment."),
        words.__('Run there: %1', 'pip install codesteer')
      ];
    case 'reading':
      return [
        words.__('Reading the runs on disk…'),
        isBusy ? words.__('The kernel is busy; it may answer when it has time.') : ''
      ];
    default:
      return [words.__('This kernel cannot list its runs.'), lack.fault];
  }
}
