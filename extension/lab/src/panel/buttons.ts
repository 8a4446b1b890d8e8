/** Buttons with JupyterLab's own icons. */

import type { LabIcon } from '@jupyterlab/ui-components';
import { el } from '@codesteer/view/parts/dom.js';

/** A button that shows its icon alone; its words are read out and shown on hovering. */
export function tool(icon: LabIcon, label: string, onClick: () => void): HTMLButtonElement {
  const node = el('button', { type: 'button', class: 'jp-codesteer-tool', 'aria-label': label, title: label });
  icon.element({ container: node, tag: 'span' });
  node.addEventListener('click', onClick);
  return node;
}

/** A button with a word, and an icon before it. */
export function action(icon: LabIcon, label: string, onClick: () => void, isMain = false): HTMLButtonElement {
  const node = el('button', { type: 'button', class: `jp-codesteer-action${isMain ? ' jp-mod-main' : ''}` });
  node.append(icon.element({ tag: 'span' }), el('span', {}, label));
  node.addEventListener('click', onClick);
  return node;
}
