/** A notebook as far as the index looks at one, and runs in it. */

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';

import type { Run } from '../../extension/lab/src/tokens.js';
import { MIME_TYPE, type RunRecord } from '../../widgets/src/index.js';
import { sample, type SampleName } from '../widgets/samples.js';

export type Bundle = Record<string, unknown>;

export const recordBundle = (record: RunRecord): Bundle => ({ [MIME_TYPE]: record, 'text/plain': 'a run' });

export const widgetBundle = (widget: string): Bundle => ({
  'application/vnd.jupyter.widget-view+json': { model_id: widget },
  'text/plain': "RunWidget(id='', status='')"
});

export function recordOf(name: SampleName, changes: Partial<RunRecord> = {}): RunRecord {
  return { ...sample(name), ...changes };
}

/** A run that stands in no notebook. */
export function runOf(record: RunRecord, key = record.id): Run {
  return {
    key,
    record,
    tail: undefined,
    received: 0,
    isStopping: false,
    panel: {} as NotebookPanel,
    cell: {} as ICodeCellModel,
    output: 0
  };
}

class FakeOutputs {
  readonly changed = new Signal<this, unknown>(this);

  constructor(private readonly bundles: Bundle[]) {}

  get length(): number {
    return this.bundles.length;
  }

  get(place: number): { type: string; data: Bundle } {
    return { type: 'display_data', data: structuredClone(this.bundles[place] ?? {}) };
  }

  set(place: number, { data }: { data: Bundle }): void {
    this.bundles[place] = data;
    this.changed.emit(undefined);
  }

  remove(place: number): void {
    this.bundles.splice(place, 1);
    this.changed.emit(undefined);
  }
}

let cells = 0;

export class FakeCell {
  readonly type = 'code';
  readonly id = `cell-${(cells += 1)}`;
  readonly stateChanged = new Signal<this, unknown>(this);
  readonly outputs: FakeOutputs;
  executionState = 'idle';

  constructor(...bundles: Bundle[]) {
    this.outputs = new FakeOutputs(bundles);
  }
}

export class FakeKernel {
  readonly username = '';
  readonly clientId = 'client';
  readonly sent: { content: { comm_id: string; data: unknown } }[] = [];
  interrupts = 0;

  sendShellMessage(message: FakeKernel['sent'][number]): void {
    this.sent.push(message);
  }

  interrupt(): Promise<void> {
    this.interrupts += 1;
    return Promise.resolve();
  }
}

class FakeContext {
  readonly iopubMessage = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, string>(this);
  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly kernel = new FakeKernel();
  readonly session = { kernel: this.kernel };
}

/** Cells of one notebook, and a kernel that says what a test has it say. */
export class FakePanel {
  readonly id = 'notebook';
  readonly disposed = new Signal<this, undefined>(this);
  readonly content = { modelChanged: new Signal<object, undefined>(this) };
  readonly context = { model: { readOnly: false } };
  readonly sessionContext = new FakeContext();
  readonly model: { cells: FakeCell[] & { changed: Signal<object, unknown> } };

  constructor(...made: FakeCell[]) {
    this.model = { cells: Object.assign(made, { changed: new Signal<object, unknown>(this) }) };
  }

  get panel(): NotebookPanel {
    return this as unknown as NotebookPanel;
  }

  say(type: string, content: object): void {
    this.sessionContext.iopubMessage.emit({ header: { msg_type: type }, content });
  }

  /** The widget's state changes in the kernel. */
  widget(widget: string, state: object): void {
    this.say('comm_msg', { comm_id: widget, data: { method: 'update', state } });
  }
}
