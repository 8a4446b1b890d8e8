/** Two runs side by side, below the list. */

import { closeIcon } from '@jupyterlab/ui-components';
import { compared } from '@codesteer/view/parts/compare.js';
import { el, heading } from '@codesteer/view/parts/dom.js';
import type { Language } from '@codesteer/view/parts/language.js';

import type { AnyRun } from '../tokens.js';
import type { Words } from '../words.js';
import { tool } from './buttons.js';

/** Shows two runs until the reader closes it. */
export class Comparison {
  readonly node: HTMLElement;
  private readonly body = el('div', 'jp-codesteer-scroll');
  private readonly close: HTMLButtonElement;
  private shown: readonly [AnyRun, AnyRun] | undefined;

  constructor(
    words: Words,
    private readonly language: Language,
    onClose: () => void
  ) {
    this.close = tool(closeIcon, words.__('Close the comparison'), onClose);
    this.node = el(
      'div',
      { class: 'jp-codesteer-detail', role: 'region', 'aria-label': words.__('Two runs compared') },
      el('div', 'jp-codesteer-bar', heading(3, 'jp-codesteer-title', words.__('Comparison')), this.close),
      this.body
    );
    // A long comparison is scrolled with the keys, too.
    this.body.tabIndex = 0;
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        onClose();
      }
    });
  }

  get keys(): string[] {
    return this.shown?.map(({ key }) => key) ?? [];
  }

  focus(): void {
    this.close.focus();
  }

  show(first: AnyRun, second: AnyRun): void {
    if (this.shown?.[0].record === first.record && this.shown[1].record === second.record) {
      return;
    }
    this.shown = [first, second];
    this.body.replaceChildren(compared(first, second, this.language));
  }
}
