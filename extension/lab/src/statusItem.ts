/** The status bar's word on running runs. */

import { Widget } from '@lumino/widgets';

import type { Run } from './tokens.js';
import type { Words } from './words.js';

/** A button that names how many runs go on. */
export class StatusItem extends Widget {
  private readonly button = document.createElement('button');

  constructor(
    private readonly words: Words,
    onClick: () => void
  ) {
    super();
    this.addClass('jp-codesteer-statusitem');
    this.button.type = 'button';
    this.button.title = words.__('Show CodeSteer runs');
    this.button.addEventListener('click', onClick);
    this.node.append(this.button);
  }

  tell(running: readonly Run[]): void {
    const stopping = running.filter(({ isStopping }) => isStopping).length;
    const text =
      stopping > 0 && stopping === running.length
        ? this.words.__('CodeSteer: stopping')
        : this.words._n('CodeSteer: %1 run', 'CodeSteer: %1 runs', running.length);
    if (this.button.textContent !== text) {
      this.button.textContent = text;
    }
  }
}
