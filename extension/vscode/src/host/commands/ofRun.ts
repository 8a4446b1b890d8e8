/** What is done with one run, as commands. */

import { codeOf } from '@codesteer/view/parts/files.js';
import { isLive } from '@codesteer/view/parts/words.js';
import * as vscode from 'vscode';

import { demandTrust, show } from '../cells.js';
import { Refusal } from '../refusal.js';
import { type Command, isEntry } from './tools.js';
import { runFor } from './which.js';

/** Shows the cell of a run, or of a record that cannot be read. */
export const reveal: Command = async (tools, on) => {
  const entry = isEntry(on) ? on : await runFor(tools, on);
  if (entry && !(await show(entry))) {
    throw new Refusal('The cell of this run is no longer in its notebook.');
  }
};

/** Shows the whole run in an editor of its own. */
export const openDetails: Command = async (tools, on) => {
  const run = await runFor(tools, on);
  if (run) {
    tools.details.open(run);
  }
};

/** Asks the question of a run again. */
export const runAgain: Command = async (tools, on) => {
  demandTrust();
  const run = await runFor(tools, on, { fits: ({ record }) => !isLive(record) });
  if (run) {
    await tools.doing.runAgain(run);
  }
};

/** Begins a run that goes on from another with the reader's words. */
export const goOn: Command = async (tools, on) => {
  demandTrust();
  const run = await runFor(tools, on, { fits: ({ record }) => !isLive(record) });
  const words = run && (await vscode.window.showInputBox({ title: 'What should be different?' }));
  if (run && words?.trim()) {
    await tools.doing.goOn(run, words.trim());
  }
};

/** Ends a run and keeps what it has. The only one that goes on needs not be picked. */
export const stop: Command = async (tools, on) => {
  const { live } = tools.index;
  const only = on === undefined && live.length === 1 ? live[0] : undefined;
  const none = 'No run is going on.';
  const run = only ?? (await runFor(tools, on, { fits: ({ record }) => isLive(record), none }));
  if (run) {
    await tools.doing.stop(run);
  }
};

/** Puts the program of the answer into a cell below. */
export const insertCode: Command = async (tools, on) => {
  demandTrust();
  const none = 'No run has a program.';
  const run = await runFor(tools, on, { fits: ({ record }) => codeOf(record) !== '', none });
  if (run) {
    await tools.doing.insertCode(run);
  }
};

/** Puts the answer on the clipboard. */
export const copyAnswer: Command = async (tools, on) => {
  const run = await runFor(tools, on, { fits: ({ record }) => record.answer !== null, none: 'No run has an answer.' });
  if (run) {
    await tools.doing.copyAnswer(run);
    vscode.window.setStatusBarMessage('CodeSteer: the answer is on the clipboard.', 3_000);
  }
};
