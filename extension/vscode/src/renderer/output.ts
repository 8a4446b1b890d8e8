/** One output of a notebook: the shared view, kept through all updates of the output. */

import { createRunView, type RunRecord, type RunView } from '@codesteer/view';

import type { Host } from './host.js';
import type { Reading } from './reading.js';

/** Draws one output. */
export class RunOutput {
  // Not a <div>: VS Code gives those right below an output a padding of their own.
  private readonly root = document.createElement('section');
  private readonly place = document.createElement('section');
  private readonly plain = document.createElement('pre');
  private readonly view: RunView;
  private record: unknown;

  constructor(private readonly host: Host) {
    this.plain.className = 'codesteer-plain';
    this.root.append(this.place, this.plain);
    this.view = createRunView(this.place, { host: 'vscode' });
    this.serve();
  }

  /** Shows what was read in `element`, which need not be the one of the last time. */
  show({ record, plain }: Reading, element: HTMLElement): void {
    this.record = record;
    this.view.update(record);
    this.plain.hidden = plain === '';
    this.plain.textContent = plain;
    if (this.root.parentElement !== element) {
      element.replaceChildren(this.root);
    }
  }

  /** Brings buttons and open rounds to what the extension can do and the reader prefers. */
  serve(): void {
    // Only records that could be read have buttons.
    this.view.serve(this.host.actionsFor(() => this.record as RunRecord));
    this.view.openRounds(this.host.rounds);
  }

  dispose(): void {
    this.view.dispose();
    this.root.remove();
  }
}
