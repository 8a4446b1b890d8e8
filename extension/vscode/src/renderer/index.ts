/** Draws the runs in a notebook's outputs. */

import { createRunView, type RunView } from '@codesteer/view';
import style from '@codesteer/view/style.css';
import type { ActivationFunction } from 'vscode-notebook-renderer';

export const activate: ActivationFunction = () => {
  const sheet = document.createElement('style');
  sheet.textContent = style;
  document.head.append(sheet);
  const views = new Map<string, RunView>();
  return {
    renderOutputItem(item, element) {
      const view = views.get(item.id) ?? createRunView(element, { host: 'vscode' });
      views.set(item.id, view);
      view.update(item.json());
    },
    disposeOutputItem(id) {
      for (const [known, view] of views) {
        if (id === undefined || id === known) {
          view.dispose();
          views.delete(known);
        }
      }
    }
  };
};
