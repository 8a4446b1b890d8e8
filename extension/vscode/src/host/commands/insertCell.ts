/** A new `%%codesteer` cell. */

import { BLANK, MAGIC, written } from '@codesteer/view/parts/cellText.js';
import { modelsOf } from '@codesteer/view/parts/filter.js';
import * as vscode from 'vscode';

import { demandTrust, insertBelow } from '../cells.js';
import { isRun } from '../run.js';
import { Settings } from '../settings.js';
import { pickModel } from './pickModel.js';
import type { Command } from './tools.js';

const LOAD = '%load_ext codesteer';

/** Has the reader choose the models, and puts a cell below the chosen one. Without a notebook a new one is made. */
export const insertCell: Command = async tools => {
  demandTrust();
  const { defaults } = new Settings(vscode.window.activeNotebookEditor?.notebook.uri);
  const used = modelsOf(tools.view.all.filter(isRun));
  const target = await pickModel({
    title: 'New run (1 of 2): the model that answers',
    otherwise: 'By default',
    about: 'what the kernel is configured to use',
    set: defaults.target,
    used,
    memory: tools.memory,
    slot: 'target'
  });
  if (target === undefined) {
    return;
  }
  const steerer = await pickModel({
    title: 'New run (2 of 2): the model that guides it',
    otherwise: 'By default',
    about: 'the kernel’s choice; usually the target steers itself',
    set: defaults.steerer,
    used,
    memory: tools.memory,
    slot: 'steerer'
  });
  if (steerer === undefined) {
    return;
  }
  const source = written({ ...BLANK, ...defaults, target, steerer });
  const { document, index } = await placeForCell();
  const sources = document.getCells().some(isLoading) ? [source] : [LOAD, source];
  await insertBelow(document, index, ...sources);
  await vscode.commands.executeCommand('notebook.cell.edit');
};

/** Where the reader is; a notebook that is made for the purpose where there is none. */
async function placeForCell(): Promise<{ document: vscode.NotebookDocument; index: number }> {
  const editor = vscode.window.activeNotebookEditor ?? vscode.window.visibleNotebookEditors[0];
  if (editor) {
    return { document: editor.notebook, index: Math.min(editor.selection.end, editor.notebook.cellCount) - 1 };
  }
  const content = new vscode.NotebookData([]);
  return { document: await vscode.workspace.openNotebookDocument('jupyter-notebook', content), index: -1 };
}

/** Whether the magics are there once this cell has run, or must be there already. */
function isLoading({ document }: vscode.NotebookCell): boolean {
  const text = document.getText();
  return /^\s*%(?:load|reload)_ext\s+codesteer\b/m.test(text) || text.trimStart().startsWith(MAGIC);
}
