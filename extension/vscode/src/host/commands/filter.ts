/** Which runs the tree shows. */

import * as vscode from 'vscode';

import type { Command } from './tools.js';

/** Has the reader type what they look for; the tree follows while they type, and goes back when they give up. */
export const filter: Command = ({ view }) =>
  new Promise<void>(resolve => {
    const before = view.filter;
    let isAccepted = false;
    const input = vscode.window.createInputBox();
    input.title = 'Filter the runs';
    input.prompt = 'Words that a run must contain; is:done, is:failed, is:stopped; model:NAME';
    input.value = before;
    input.onDidChangeValue(value => {
      view.filter = value;
    });
    input.onDidAccept(() => {
      isAccepted = true;
      input.hide();
    });
    input.onDidHide(() => {
      view.filter = isAccepted ? input.value : before;
      input.dispose();
      resolve();
    });
    input.show();
  });

/** Shows all runs. */
export const clearFilter: Command = ({ view }) => {
  view.filter = '';
};

/** Reads all outputs and files anew. */
export const refresh: Command = async ({ index, view }) => {
  index.refresh();
  await view.refresh();
};
