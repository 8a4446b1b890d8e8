/** The runs below one cell. */

import { MIME_TYPE, type RunRecord } from '@codesteer/view/parts/record.js';
import { isLive } from '@codesteer/view/parts/words.js';
import type * as vscode from 'vscode';

import { type Bundle, read, type Reading } from './reading.js';
import type { Entry } from './run.js';

/** An output of a run, as the notebook's document holds it. */
interface Held {
  readonly key: string;
  readonly bundle: Bundle;
  /** The bytes of the record: they are others when the record is. */
  readonly data: Uint8Array;
}

const decoder = new TextDecoder();

/** Reads each record once, when it is asked for. */
export class CellRuns {
  private held: readonly Held[] = [];
  private readonly readings = new WeakMap<Uint8Array, Reading>();
  private readonly lost = new WeakMap<RunRecord, RunRecord>();
  /** When an output last changed before our eyes, in milliseconds of `performance.now()`. */
  private changed: number | undefined;
  private hasEnded = false;

  constructor(readonly cell: vscode.NotebookCell) {}

  /** Whether the cell is being run, as far as events told. */
  get isAtWork(): boolean {
    return this.changed !== undefined && !this.hasEnded;
  }

  /** Takes up the outputs as they are now, without reading them; says whether there are runs among them. */
  look(changed?: number): boolean {
    this.held = this.cell.outputs.flatMap((output, place): Held[] => {
      const item = output.items.find(({ mime }) => mime === MIME_TYPE);
      return item
        ? [{ key: `${this.cell.document.uri.toString()}#${place}`, bundle: bundleOf(output, item), data: item.data }]
        : [];
    });
    if (changed !== undefined) {
      this.changed = changed;
      this.hasEnded = false;
    }
    return this.held.length > 0;
  }

  /** The cell is done; says whether that was news. */
  end(): boolean {
    const was = this.isAtWork;
    this.hasEnded = true;
    return was;
  }

  has(key: string): boolean {
    return this.held.some(one => one.key === key);
  }

  /** The outputs, read. */
  get entries(): Entry[] {
    return this.held.map(({ key, bundle, data }): Entry => {
      const place = { key, notebook: this.cell.notebook.uri, cell: this.cell, index: this.cell.index };
      const reading = this.readings.get(data) ?? read(bundle);
      this.readings.set(data, reading);
      if (!('record' in reading)) {
        return { ...place, ...reading };
      }
      const { record } = reading;
      return {
        ...place,
        record: isLive(record) && !this.isAtWork ? this.lostOf(record) : record,
        received: this.changed ?? performance.now(),
        isStopping: false,
        textOf: bundle.textOf
      };
    });
  }

  /** A record that was saved in the middle of a run says "running", and nobody is. The same for the same. */
  private lostOf(record: RunRecord): RunRecord {
    const known = this.lost.get(record) ?? { ...record, status: 'lost' };
    this.lost.set(record, known);
    return known;
  }
}

function bundleOf(output: vscode.NotebookCellOutput, item: vscode.NotebookCellOutputItem): Bundle {
  return {
    size: item.data.byteLength,
    record: () => decoder.decode(item.data),
    textOf: mime => {
      const found = output.items.find(one => one.mime === mime);
      return found ? decoder.decode(found.data) : null;
    }
  };
}
