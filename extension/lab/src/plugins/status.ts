/** Says in the status bar how many runs go on. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { IPreferences } from '../preferences.js';
import { isLive } from '../runIndex.js';
import { StatusItem } from '../statusItem.js';
import { IRunIndex, IRunsPanel, type Run } from '../tokens.js';
import { wordsOf } from '../words.js';

export const status: JupyterFrontEndPlugin<void> = {
  id: '@codesteer/lab:status',
  description: 'Shows running CodeSteer runs in the status bar.',
  autoStart: true,
  requires: [IRunIndex, IRunsPanel, IPreferences],
  optional: [IStatusBar, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    index: IRunIndex,
    panel: IRunsPanel,
    settings: IPreferences,
    bar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (!bar) {
      return;
    }
    let running: readonly Run[] = [];
    const item = new StatusItem(wordsOf(translator), () => {
      panel.bringUp();
    });
    const isActive = (): boolean => settings.statusBar && running.length > 0;
    const changed = new Signal<typeof item, void>(item);
    const follow = (): void => {
      running = index.runs.filter(({ record }) => isLive(record.status));
      item.tell(running);
      changed.emit();
    };
    bar.registerStatusItem('@codesteer/lab:status', {
      item,
      align: 'left',
      rank: 90,
      isActive,
      activeStateChanged: changed
    });
    index.changed.connect(follow);
    settings.changed.connect(follow);
  }
};
