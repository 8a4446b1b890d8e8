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
  private record: RunRecord | null = null;

  constructor(private readonly host: Host) {
    this.plain.className = 'codesteer-plain';
    this.root.append(this.place, this.plain);
    this.view = createRunView(this.place, { host: 'vscode' });
    this.serve();
  }

  /** Shows what was read in `element`, which need not be the one of the last time. */
  show(reading: Reading, element: HTMLElement): void {
    this.record = reading.record;
    if (reading.record) {
      this.draw(reading.record);
    } else {
      this.view.update(reading.raw);
    }
    this.plain.hidden = reading.record !== null;
    this.plain.textContent = reading.record ? '' : reading.plain;
    if (this.root.parentElement !== element) {
      element.replaceChildren(this.root);
    }
  }

  /** Brings buttons, open rounds and the status to what the extension can do, the reader prefers, and is known. */
  serve(): void {
    // What is no record shows no buttons.
    this.view.serve(this.host.actionsFor(() => ({ runId: this.record?.id ?? '', record: this.record ?? {} })));
    this.view.openRounds(this.host.rounds);
    if (this.record) {
      this.draw(this.record);
    }
  }

  dispose(): void {
    this.view.dispose();
    this.root.remove();
  }

  private draw(record: RunRecord): void {
    this.view.update(this.host.isLost(record) ? { ...record, status: 'lost' } : record);
  }
}
