/** From an output's node to the notebook cell that it stands in. */

import type { CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

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
