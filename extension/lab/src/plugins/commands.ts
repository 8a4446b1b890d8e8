/** Adds the commands, and lists them in the palette. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, Dialog, ICommandPalette, showDialog } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { codeOf, FORMATS } from '@codesteer/view/parts/files.js';

import { CommandIDs } from '../commandIds.js';
import { addCommands } from '../commands.js';
import { download, formatsOf, goOn, goTo, hindrances, insert, possible, remove, rerun } from '../doing.js';
import { isLive } from '../runIndex.js';
import { type AnyRun, IRunIndex, IRunsPanel, isKept } from '../tokens.js';
import { wordsOf } from '../words.js';

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@codesteer/lab:commands',
  description: 'Adds the commands of CodeSteer.',
  autoStart: true,
  requires: [IRunIndex, IRunsPanel, INotebookTracker],
  optional: [ICommandPalette, ITranslator],
  activate: (
    { commands, shell }: JupyterFrontEnd,
    index: IRunIndex,
    panel: IRunsPanel,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const words = wordsOf(translator);
    const ids = addCommands(
      commands,
      {
        find: key =>
          key === undefined
            ? at(index, panel, tracker)
            : (index.runs.find(run => run.key === key) ?? panel.findKept(key)),
        running: () => index.runs.filter(({ record }) => isLive(record.status)),
        possible,
        hindrances: run => hindrances(run, words),
        show: () => {
          panel.bringUp();
        },
        compose: () => {
          panel.compose();
        },
        goTo: run => goTo(run, shell),
        open: run => {
          panel.open(run);
        },
        stop: run => index.stop(run),
        rerun,
        goOn: (run, text) => {
          if (text.trim() === '') {
            panel.open(run, true);
          } else {
            goOn(run, text);
          }
        },
        insert: run => {
          insert(run, codeOf(run.record));
        },
        copy: run => {
          Clipboard.copyToSystem(run.record.answer?.text ?? '');
        },
        formats: formatsOf,
        download,
        remove: async run => {
          const { button } = await showDialog({
            title: words.__('Delete this run?'),
            body: isKept(run)
              ? words.__('It is deleted from the disk. Notebooks that show it keep what they show.')
              : words.__('It is taken out of the notebook and out of the history that the kernel keeps.'),
            buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: words.__('Delete') })]
          });
          if (button.accept) {
            await remove(run);
          }
        },
        compare: (first, second) => {
          panel.compare(first, second);
        }
      },
      words
    );
    const notify = (): void => {
      for (const id of ids) {
        commands.notifyCommandChanged(id);
      }
    };
    index.changed.connect(notify);
    tracker.activeCellChanged.connect(notify);
    const category = words.__('CodeSteer');
    for (const id of ids) {
      const all = id === CommandIDs.export ? FORMATS.map(format => ({ format })) : [{}];
      for (const args of all) {
        palette?.addItem({ command: id, category, args });
      }
    }
  }
};

/** The run that the reader is at: chosen in the panel, below the active cell, running, or the newest. */
function at(index: IRunIndex, panel: IRunsPanel, tracker: INotebookTracker): AnyRun | null {
  const { currentWidget: notebook, activeCell } = tracker;
  const focused = document.activeElement?.closest('.jp-codesteer-panel') ? panel.current : null;
  if (focused || !notebook) {
    return focused ?? panel.current;
  }
  const runs = index.of(notebook);
  return (
    runs.find(({ cell }) => cell === activeCell?.model) ??
    runs.findLast(({ record }) => isLive(record.status)) ??
    runs.at(-1) ??
    null
  );
}
