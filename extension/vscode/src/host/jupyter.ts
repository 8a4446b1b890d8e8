/** The Jupyter extension, where there is one. Nothing here needs it. */

import * as vscode from 'vscode';

const EXTENSION = 'ms-toolsai.jupyter';
const INTERRUPT = 'jupyter.interruptkernel';

/** Interrupts the kernel of a notebook by the Jupyter extension's own command; says whether there was such a command. */
export async function interruptKernel(notebook: vscode.Uri): Promise<boolean> {
  if (!vscode.extensions.getExtension(EXTENSION)?.isActive) {
    return false;
  }
  if (!(await vscode.commands.getCommands(true)).includes(INTERRUPT)) {
    return false;
  }
  await vscode.commands.executeCommand(INTERRUPT, { notebookEditor: { notebookUri: notebook } });
  return true;
}
