/** What the plugins of this extension share. */

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { RunRecord } from '@codesteer/view';
import type { Format } from '@codesteer/view/parts/files.js';

import type { KeptRow } from './kept.js';

/** What is known of one run, wherever that comes from. */
export interface KnownRun {
  /** Names this place: the same run may be shown by several cells. */
  readonly key: string;
  /** The record, read; its status is `lost` where nobody can be running it any more. */
  readonly record: RunRecord;
  /** Answer text that streamed in after the record, as the kernel sent it. */
  readonly tail: unknown;
  /** When the record came, in milliseconds of `performance.now()`. */
  readonly received: number;
  /** Whether somebody asked here for the end of the run. */
  readonly isStopping: boolean;
  /** The notebook that shows it, or whose kernel told of it. */
  readonly panel: NotebookPanel;
}

/** One run as an output of a notebook shows it. */
export interface Run extends KnownRun {
  readonly cell: ICodeCellModel;
  /** The place of the output below its cell. */
  readonly output: number;
}

/** One run that is kept on disk, as a kernel tells of it. */
export interface KeptRun extends KnownRun {
  /** What the list says of it. */
  readonly row: KeptRow;
  /** Whether `record` is the whole record, and not the little that the list says. */
  readonly isWhole: boolean;
  /** Whether the kernel has the magics loaded. */
  readonly isLoaded: boolean;
  /** The run as the text of a file. */
  exported(format: Format): Promise<string>;
  /** Deletes it from the disk. */
  forget(): Promise<void>;
}

export type AnyRun = Run | KeptRun;

/** Tells runs on disk from those in notebooks. */
export function isKept(run: AnyRun): run is KeptRun {
  return 'row' in run;
}

/** The runs of all open notebooks. It holds no truth of its own: outputs and the kernel's messages make it. */
export interface IRunIndex {
  /** Every run, by notebook, in the order of their cells. */
  readonly runs: readonly Run[];
  /** Emitted after runs came, grew, or went; several changes at once are told once. */
  readonly changed: ISignal<IRunIndex, void>;
  /** Emitted with each run that was seen running and has ended. */
  readonly ended: ISignal<IRunIndex, Run>;
  /** The runs of one notebook. */
  of(panel: NotebookPanel): readonly Run[];
  /** Ends a run: politely at first, by the kernel's interrupt where that brings nothing. */
  stop(run: Run): Promise<void>;
}

export const IRunIndex = new Token<IRunIndex>(
  '@codesteer/lab:IRunIndex',
  'The runs of CodeSteer in the open notebooks, and a signal when they change.'
);

/** The side panel, as far as commands need it. It is there before its content is loaded. */
export interface IRunsPanel {
  /** The run that the reader chose last in the panel. */
  readonly current: AnyRun | null;
  /** The run on disk of this key, where the panel lists it. */
  findKept(key: string): KeptRun | null;
  /** Shows the panel and gives it the focus. */
  bringUp(): void;
  /** Shows the panel with the form for a new run. */
  compose(): void;
  /** Shows a run's rounds; with `feedback` the focus goes to what can be said about it. */
  open(run: AnyRun, feedback?: boolean): void;
  /** Shows two runs side by side. */
  compare(first: AnyRun, second: AnyRun): void;
}

export const IRunsPanel = new Token<IRunsPanel>('@codesteer/lab:IRunsPanel', 'The side panel with the runs.');
