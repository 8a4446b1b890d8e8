/** What menus and keys depend on. */

import * as vscode from 'vscode';

import type { RunIndex } from './runIndex.js';

/** Tells VS Code which cells have runs and whether one goes on. */
export async function setContexts(index: RunIndex): Promise<void> {
  const cells = index.cells.map(({ document }) => document.uri.toString());
  const set = (name: string, value: unknown): Thenable<unknown> =>
    vscode.commands.executeCommand('setContext', `codesteer.${name}`, value);
  await Promise.all([
    set('cells', cells),
    set('hasRuns', cells.length > 0),
    set(
      'liveCells',
      index.live.flatMap(({ cell }) => (cell ? [cell.document.uri.toString()] : []))
    ),
    set('running', index.live.length > 0)
  ]);
}
