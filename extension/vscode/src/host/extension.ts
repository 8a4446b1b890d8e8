/** What VS Code calls: puts the parts of the extension together. */

import { modelsOf } from '@codesteer/view/parts/filter.js';
import * as vscode from 'vscode';

import { registerCommands } from './commands/index.js';
import { offerHelp } from './completion.js';
import { setContexts } from './contexts.js';
import { Details } from './details.js';
import { Doing } from './doing.js';
import type { Names } from './magicLine.js';
import { Renderers } from './renderers.js';
import { isRun } from './run.js';
import { RunIndex } from './runIndex.js';
import { RunsView } from './runsView.js';
import { SavedNotebooks } from './savedNotebooks.js';
import { serve } from './serving.js';
import { onSettings, Settings } from './settings.js';
import { StatusBar } from './statusBar.js';
import { newestFirst } from './tree.js';

/** Called once, before the extension is used for the first time. */
export function activate({ extensionUri, subscriptions, workspaceState }: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('CodeSteer', { log: true });
  const index = new RunIndex();
  const saved = new SavedNotebooks(log);
  const view = new RunsView(index, saved);
  const doing = new Doing(index);
  const details = new Details(
    extensionUri,
    key => index.at(key),
    (message, run) => serve(message, run, doing, () => undefined)
  );
  const renderers = new Renderers(index, (message, run) =>
    serve(message, run, doing, shown => {
      details.open(shown);
    })
  );
  const statusBar = new StatusBar(() => (new Settings().hasStatusBar ? index.live : null));
  const follow = (): void => {
    statusBar.update();
    details.update();
    void setContexts(index);
  };
  const prefer = (): void => {
    statusBar.update();
    details.redraw();
    void renderers.tellAll();
  };
  subscriptions.push(
    ...[log, index, saved, view, details, renderers, statusBar],
    index.onDidChange(follow),
    onSettings(prefer),
    vscode.workspace.onDidGrantWorkspaceTrust(prefer),
    registerCommands({ extension: extensionUri, index, view, details, doing, memory: workspaceState }),
    offerHelp(cell => namesAround(cell, index))
  );
  follow();
}

/** What the notebook of a cell has: models and runs to name. */
function namesAround(cell: vscode.TextDocument, index: RunIndex): Names {
  const notebook = vscode.workspace.notebookDocuments.find(document =>
    document.getCells().some(({ document: one }) => one === cell)
  );
  const runs = notebook ? index.of(notebook).filter(isRun).sort(newestFirst) : [];
  return { models: modelsOf(runs), runs: runs.map(({ record }) => record.id).filter(Boolean) };
}
