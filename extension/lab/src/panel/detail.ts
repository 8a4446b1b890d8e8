/** One run with its rounds, below the list. */

import { closeIcon } from '@jupyterlab/ui-components';
import type { RunView } from '@codesteer/view';
import { el, heading } from '@codesteer/view/parts/dom.js';

import { actionsOf } from '../doing.js';
import type { AnyRun, IRunIndex } from '../tokens.js';
import { createRunView } from '../view.js';
import { translateBy, type Words } from '../words.js';
import { tool } from './buttons.js';

/** Draws a run with the view that its cell has. */
export class Detail {
  readonly node: HTMLElement;
  private readonly view: RunView;
  private readonly close: HTMLButtonElement;
  private run: AnyRun | undefined;

  constructor(
    words: Words,
    private readonly index: IRunIndex,
    onClose: () => void
  ) {
    const host = el('div', 'jp-codesteer-view');
    this.view = createRunView(host, { host: 'lab', translate: translateBy(words) });
    this.close = tool(closeIcon, words.__('Close the rounds'), onClose);
    const head = el('div', 'jp-codesteer-bar', heading(3, 'jp-codesteer-title', words.__('Rounds')), this.close);
    this.node = el(
      'div',
      { class: 'jp-codesteer-detail', role: 'region', 'aria-label': words.__('Rounds of the run') },
      head,
      el('div', 'jp-codesteer-scroll', host)
    );
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.defaultPrevented) {
        onClose();
      }
    });
  }

  get key(): string {
    return this.run?.key ?? '';
  }

  show(run: AnyRun): void {
    this.run = run;
    this.view.serve(actionsOf(run, this.index));
    this.view.update(run.record, run.tail);
    if (run.isStopping) {
      this.view.stopping();
    }
  }

  /** Puts the focus where feedback is written, or else on the way out. */
  focus(feedback: boolean): void {
    const field = feedback ? this.node.querySelector<HTMLElement>('.cs-feedback:not([hidden]) .cs-field') : null;
    (field ?? this.close).focus();
  }

  dispose(): void {
    this.view.dispose();
  }
}
