/** Notebooks that several pages share: what all of them know, one of them writes down. */

import type { INotebookModel } from '@jupyterlab/notebook';

/** Longer than a change takes from one page to the others, on a slow network, too. */
const TURN_MS = 10_000;

/** Who is there, as a shared document knows it. */
interface Sharing {
  readonly awareness?: { readonly clientID: number; getStates(): ReadonlyMap<number, unknown> };
}

/**
 * Does something that changes the notebook: at once where nobody shares it. In a shared one every page waits its turn and
 * is to look anew whether there is anything left to do: two that replaced the same output at once would leave both
 * replacements there. `before` says how many turns are JupyterLab's own, in the page that runs the cell.
 */
export function inTurn(
  model: Pick<INotebookModel, 'collaborative' | 'isDisposed' | 'sharedModel'> | null,
  before: number,
  act: () => void
): void {
  if (!model?.collaborative) {
    act();
    return;
  }
  const { awareness } = model.sharedModel as Sharing;
  const pages = [...(awareness?.getStates().keys() ?? [])].sort((one, other) => one - other);
  const place = Math.max(0, pages.indexOf(awareness?.clientID ?? -1));
  setTimeout(
    () => {
      if (!model.isDisposed) {
        act();
      }
    },
    (before + place) * TURN_MS
  );
}
