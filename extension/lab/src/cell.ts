/** The notebook cell that an output stands in, and what the view's buttons do there. */

import type { CodeCell, ICellModel } from '@jupyterlab/cells';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** What makes a notebook know `%%codesteer`. */
export const LOAD = '%load_ext codesteer';

export interface RunCell {
  readonly panel: NotebookPanel;
  readonly cell: CodeCell;
}

/** Returns the code cell whose output holds `node`, or null outside notebooks. */
export function findCell(tracker: INotebookTracker, node: Node): RunCell | null {
  const panel = tracker.find(candidate => candidate.node.contains(node));
  const cell = panel?.content.widgets.find(candidate => candidate.node.contains(node));
  return panel && cell?.model.type === 'code' ? { panel, cell: cell as CodeCell } : null;
}

/** Puts a code cell with this source below the cell, and makes it the active one. */
export function insertBelow({ panel, cell }: RunCell, source: string): void {
  activate({ panel, cell });
  NotebookActions.insertBelow(panel.content);
  panel.content.activeCell?.model.sharedModel.setSource(source);
}

/** Whether cells can be put into a notebook: its file may be one that its reader must not change. */
export function isWritable({ context }: NotebookPanel): boolean {
  return !context.model.readOnly && context.contentsModel?.writable !== false;
}

/** Whether a cell says of itself that it is not to be changed. */
export function isFixed(cell: Pick<ICellModel, 'getMetadata'>): boolean {
  return cell.getMetadata('editable') === false;
}

/** Puts a code cell with this source below the active one; a cell with nothing in it is used instead. */
export function addCell(panel: NotebookPanel, source: string): void {
  const { activeCell } = panel.content;
  panel.content.deselectAll();
  const isFree =
    activeCell?.model.type === 'code' &&
    activeCell.model.sharedModel.getSource().trim() === '' &&
    !isFixed(activeCell.model);
  if (!isFree) {
    NotebookActions.insertBelow(panel.content);
  }
  panel.content.activeCell?.model.sharedModel.setSource(source);
}

/** Puts a cell with the extension's loading, where that has not been done, before another cell is put there. */
export function addLoading(panel: NotebookPanel, isRun: boolean): void {
  addCell(panel, LOAD);
  if (isRun) {
    runActive({ panel });
  }
}

/** Runs the active cell; does not wait for its end. */
export function runActive({ panel }: Pick<RunCell, 'panel'>): void {
  void NotebookActions.run(panel.content, panel.sessionContext);
}

/** Makes the cell the active one. */
export function activate({ panel, cell }: RunCell): void {
  panel.content.deselectAll();
  panel.content.activeCellIndex = panel.content.widgets.indexOf(cell);
}

/** What is written in the cell. */
export function sourceOf({ cell }: RunCell): string {
  return cell.model.sharedModel.getSource();
}
