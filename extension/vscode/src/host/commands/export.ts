/** A run as a file. */

import { nameIn } from '@codesteer/view/parts/cellText.js';
import { exported, fileName, type Format, FORMATS } from '@codesteer/view/parts/files.js';
import * as vscode from 'vscode';

import type { Run } from '../run.js';
import type { Command } from './tools.js';
import { runFor } from './which.js';

const NAMES: Readonly<Record<Format, string>> = {
  json: 'Record (JSON)',
  md: 'Markdown',
  html: 'HTML',
  py: 'Python program'
};

/** Saves a run in a form and at a place that the reader chooses, and offers to open the file. */
export const exportRun: Command = async (tools, on) => {
  const run = await runFor(tools, on);
  const format = run && (await pickFormat(run));
  const text = run && format && exported(run.record, format, run.textOf);
  if (!run || !format || !text) {
    return;
  }
  const target = await vscode.window.showSaveDialog({
    title: `Export the run: ${NAMES[format]}`,
    defaultUri: vscode.Uri.joinPath(folderOf(run), fileName(nameIn(run.record.id), format)),
    filters: { [NAMES[format]]: [format] }
  });
  if (!target) {
    return;
  }
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  const open = 'Open';
  const name = vscode.workspace.asRelativePath(target);
  if ((await vscode.window.showInformationMessage(`The run was saved as ${name}.`, open)) === open) {
    await vscode.window.showTextDocument(target);
  }
};

async function pickFormat(run: Run): Promise<Format | undefined> {
  const items = FORMATS.filter(format => exported(run.record, format, run.textOf) !== null).map(format => ({
    label: NAMES[format],
    description: `.${format}`,
    format
  }));
  return (await vscode.window.showQuickPick(items, { title: 'Export the run as' }))?.format;
}

const folderOf = ({ notebook }: Run): vscode.Uri =>
  notebook.scheme === 'untitled'
    ? (vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('/'))
    : vscode.Uri.joinPath(notebook, '..');
