/** What the plugins of this extension share. */

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { RunRecord } from '@codesteer/view';

/** One run as an output of a notebook shows it. */
export interface Run {
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
  readonly panel: NotebookPanel;
  readonly cell: ICodeCellModel;
  /** The place of the output below its cell. */
  readonly output: number;
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
  readonly current: Run | null;
  /** Shows the panel and gives it the focus. */
  bringUp(): void;
  /** Shows the panel with the form for a new run. */
  compose(): void;
  /** Shows a run's rounds; with `feedback` the focus goes to what can be said about it. */
  open(run: Run, feedback?: boolean): void;
  /** Shows two runs side by side. */
  compare(first: Run, second: Run): void;
}

export const IRunsPanel = new Token<IRunsPanel>('@codesteer/lab:IRunsPanel', 'The side panel with the runs.');
