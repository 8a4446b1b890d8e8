/** The run that a command is about. */

import { factsOf } from '@codesteer/view/parts/facts.js';
import * as vscode from 'vscode';

import { escaped } from '../icons.js';
import { language } from '../language.js';
import { Refusal } from '../refusal.js';
import { isRun, type Run } from '../run.js';
import { newestFirst } from '../tree.js';
import { isRunOfTree, type Tools } from './tools.js';

/** What a command can do with a run. */
export interface Wanted {
  /** Whether it can do anything with this one. */
  readonly fits?: (run: Run) => boolean;
  /** What it says where there is no run that fits. */
  readonly none?: string;
}

/**
 * Returns the run that a command was called on; without one, the run of the editor in front, of the chosen cell, of the
 * tree's selection; and else has the reader pick one. Undefined when they do not.
 */
export async function runFor(
  tools: Tools,
  on: unknown,
  { fits = () => true, none = 'There is no run of CodeSteer yet.' }: Wanted = {}
): Promise<Run | undefined> {
  const meant = isRunOfTree(on) ? current(on, tools) : isCell(on) ? lastUnder(on, tools) : undefined;
  if (meant) {
    return meant;
  }
  const here = tools.details.active ?? lastUnder(activeCell(), tools) ?? tools.view.selected[0];
  return here && fits(here) ? here : pick(tools.view.all.filter(isRun).filter(fits), 'Which run?', none);
}

/** Has the reader pick one of several runs, the newest first. */
export async function pick(runs: readonly Run[], title: string, none: string): Promise<Run | undefined> {
  if (runs.length === 0) {
    throw new Refusal(none);
  }
  const items = [...runs].sort(newestFirst).map(run => {
    const { status, question, models, round, time } = factsOf(run, language, performance.now());
    return {
      label: escaped(question),
      description: escaped([status.words, round, time].filter(Boolean).join(' · ')),
      detail: escaped(`${vscode.workspace.asRelativePath(run.notebook)} · ${models}`),
      run
    };
  });
  const chosen = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
  return chosen?.run;
}

/** The tree hands over the run as it was when it was drawn. */
function current(run: Run, { index }: Tools): Run {
  const now = index.at(run.key);
  return now && isRun(now) ? now : run;
}

function lastUnder(cell: vscode.NotebookCell | undefined, { index }: Tools): Run | undefined {
  return cell ? index.under(cell).filter(isRun).at(-1) : undefined;
}

function activeCell(): vscode.NotebookCell | undefined {
  const editor = vscode.window.activeNotebookEditor;
  const at = editor?.selection.start ?? 0;
  return editor && at < editor.notebook.cellCount ? editor.notebook.cellAt(at) : undefined;
}

function isCell(value: unknown): value is vscode.NotebookCell {
  return typeof value === 'object' && value !== null && 'notebook' in value && 'document' in value;
}
