/** Cells of notebooks: shown, written, run and stopped. */

import * as vscode from 'vscode';

import { Refusal } from './refusal.js';
import type { Place } from './run.js';

const NO_TRUST = 'Cells are neither written nor run in a workspace that is not trusted.';

/** Opens the notebook of an output and brings its cell into view; null when the cell has gone. */
export async function show({ notebook, cell, index }: Place): Promise<vscode.NotebookCell | null> {
  const document = cell?.notebook ?? (await vscode.workspace.openNotebookDocument(notebook));
  const here = cell && cell.index >= 0 ? cell.index : index;
  if (here >= document.cellCount) {
    await vscode.window.showNotebookDocument(document);
    return null;
  }
  await bringUp(document, here);
  return document.cellAt(here);
}

/** Puts a code cell below a cell (`-1`: at the top) and chooses it. */
export async function insertBelow(
  document: vscode.NotebookDocument,
  index: number,
  ...sources: string[]
): Promise<vscode.NotebookCell> {
  demandTrust();
  const cells = sources.map(
    source => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, source, languageOf(document))
  );
  const edit = new vscode.WorkspaceEdit();
  edit.set(document.uri, [vscode.NotebookEdit.insertCells(index + 1, cells)]);
  if (!(await vscode.workspace.applyEdit(edit))) {
    throw new Refusal('This notebook cannot be changed.');
  }
  const last = index + cells.length;
  await bringUp(document, last);
  return document.cellAt(last);
}

/** Runs a cell; does not wait for its end. */
export async function execute(cell: vscode.NotebookCell): Promise<void> {
  demandTrust();
  await vscode.commands.executeCommand('notebook.cell.execute', rangeOf(cell));
}

/** Ends what a cell is doing: its kernel is interrupted where it knows how. */
export async function cancel(cell: vscode.NotebookCell): Promise<void> {
  // VS Code finds a cell by the editor of its notebook.
  if (!vscode.window.visibleNotebookEditors.some(({ notebook }) => notebook === cell.notebook)) {
    await vscode.window.showNotebookDocument(cell.notebook, { preserveFocus: true });
  }
  await vscode.commands.executeCommand('notebook.cell.cancelExecution', rangeOf(cell));
}

/** Throws where the reader does not trust the workspace. */
export function demandTrust(): void {
  if (!vscode.workspace.isTrusted) {
    throw new Refusal(NO_TRUST, 'Trust it first: “Workspaces: Manage Workspace Trust”.');
  }
}

async function bringUp(document: vscode.NotebookDocument, index: number): Promise<void> {
  const range = new vscode.NotebookRange(index, index + 1);
  const editor = await vscode.window.showNotebookDocument(document, { selections: [range] });
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
}

const rangeOf = (cell: vscode.NotebookCell): object => ({
  ranges: [{ start: cell.index, end: cell.index + 1 }],
  document: cell.notebook.uri
});

/** New code is written in the language of the code that is there. */
function languageOf(document: vscode.NotebookDocument): string {
  const code = document.getCells().find(({ kind }) => kind === vscode.NotebookCellKind.Code);
  return code?.document.languageId ?? 'python';
}
