/** Does what a reader asks for on a page or in an output, and tells them when it cannot be done. */

import * as vscode from 'vscode';

import type { RunMessage } from '../messages.js';
import type { Doing } from './doing.js';
import { Refusal } from './refusal.js';
import type { Run } from './run.js';

/** Carries out a message; `open` shows a whole run. Never rejects. */
export async function serve(
  message: RunMessage,
  run: Run | undefined,
  doing: Doing,
  open: (run: Run) => void
): Promise<void> {
  await attempted(async () => {
    if (message.type === 'copy') {
      await vscode.env.clipboard.writeText(message.text);
      return;
    }
    if (!run) {
      throw new Refusal('This run is not in its notebook any more.');
    }
    switch (message.type) {
      case 'insert-code':
        return doing.insertCode(run, message.code);
      case 'stop':
        return doing.stop(run);
      case 'run-again':
        return doing.runAgain(run);
      case 'continue':
        return doing.goOn(run, message.words);
      case 'open':
        open(run);
    }
  });
}

/** Does something for the reader; what goes wrong is told them instead of thrown. */
export async function attempted<T>(act: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (fault) {
    const words = fault instanceof Refusal ? fault.message : `CodeSteer could not do this: ${messageOf(fault)}`;
    void vscode.window.showErrorMessage(words);
    return undefined;
  }
}

const messageOf = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));
