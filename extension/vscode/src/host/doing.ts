/** What can be done with a run, and doing it: for commands, for the view in cells, and for the page of a whole run. */

import { asks, continuing, nameIn, rerunning } from '@codesteer/view/parts/cellText.js';
import { codeOf } from '@codesteer/view/parts/files.js';
import { isLive } from '@codesteer/view/parts/words.js';
import * as vscode from 'vscode';

import { cancel, execute, insertBelow, show } from './cells.js';
import { interruptKernel } from './jupyter.js';
import { Refusal } from './refusal.js';
import type { Place, Run } from './run.js';
import type { RunIndex } from './runIndex.js';

/** How long a run may take to end after its cell was cancelled, before the kernel is interrupted another way. */
const PATIENCE_MS = 1_500;

/** What a run allows where it stands. */
export interface Possible {
  readonly stop: boolean;
  readonly runAgain: boolean;
  readonly goOn: boolean;
  readonly insertCode: boolean;
  readonly copy: boolean;
}

/** Says what can be served: nothing is written or run in a workspace that is not trusted. */
export function possible({ record, cell, isStopping }: Run): Possible {
  const live = isLive(record);
  const isTrusted = vscode.workspace.isTrusted;
  return {
    stop: live && cell !== null && !isStopping,
    runAgain: !live && isTrusted,
    goOn: !live && isTrusted && nameIn(record.id) !== '',
    insertCode: isTrusted && codeOf(record) !== '',
    copy: record.answer !== null
  };
}

/** Does things with the runs of an index. */
export class Doing {
  constructor(private readonly index: RunIndex) {}

  /** Ends a run: by its cell, and by the Jupyter extension where that brings nothing. */
  async stop(run: Run): Promise<void> {
    const { cell } = run;
    if (!cell || !isLive(run.record)) {
      throw new Refusal('This run is not going on.');
    }
    this.index.markStopping(run, true);
    try {
      await cancel(cell);
      await new Promise(resolve => setTimeout(resolve, PATIENCE_MS));
      if (this.isGoingOn(run)) {
        await interruptKernel(cell.notebook.uri);
      }
    } catch (fault) {
      this.index.markStopping(run, false);
      throw fault;
    }
  }

  /** Asks the question of a run again. */
  async runAgain(run: Run): Promise<void> {
    const cell = await cellOf(run);
    if (asks(cell.document.getText())) {
      await execute(cell);
    } else {
      await execute(await insertBelow(cell.notebook, cell.index, rerunning(nameOf(run))));
    }
  }

  /** Begins a run that goes on from this one with the reader's words. */
  async goOn(run: Run, words: string): Promise<void> {
    const cell = await cellOf(run);
    const source = continuing(cell.document.getText(), nameOf(run), words);
    await execute(await insertBelow(cell.notebook, cell.index, source));
  }

  /** Puts a program into a cell below the run's. */
  async insertCode(run: Run, code = codeOf(run.record)): Promise<void> {
    if (code === '') {
      throw new Refusal('This run has no program.');
    }
    const cell = await cellOf(run);
    await insertBelow(cell.notebook, cell.index, code);
  }

  /** Puts the answer on the clipboard. */
  async copyAnswer({ record: { answer } }: Run): Promise<void> {
    if (!answer) {
      throw new Refusal('This run has no answer.');
    }
    await vscode.env.clipboard.writeText(answer.text);
  }

  private isGoingOn({ record: { id } }: Run): boolean {
    return this.index.live.some(({ record }) => record.id === id);
  }
}

async function cellOf(place: Place): Promise<vscode.NotebookCell> {
  const cell = await show(place);
  if (!cell) {
    throw new Refusal('The cell of this run is no longer in its notebook.');
  }
  return cell;
}

function nameOf({ record: { id } }: Run): string {
  const name = nameIn(id);
  if (name === '') {
    throw new Refusal('This run has no name to call it by.', 'Ask its question in a new cell.');
  }
  return name;
}
