/** What a notebook's output says of a run. */

import type { Seen } from '@codesteer/view/parts/facts.js';
import type { RunRecord } from '@codesteer/view';
import type * as vscode from 'vscode';

/** Where an output stands. */
export interface Place {
  /** Names the output for as long as it is there. */
  readonly key: string;
  readonly notebook: vscode.Uri;
  /** The cell, in a notebook that is open. */
  readonly cell: vscode.NotebookCell | null;
  /** Where the cell stands in its notebook. */
  readonly index: number;
}

/** One run as an output shows it. */
export interface Run extends Place, Seen {
  /** The record, read; its status is `lost` where nobody can be running it any more. */
  readonly record: RunRecord;
  /** What the output holds of a MIME type, where that is a text. */
  readonly textOf: (mime: string) => string | null;
}

/** An output of a run that cannot be read. */
export interface Broken extends Place {
  readonly problem: string;
  readonly cure: string;
  /** The beginning of its plain text. */
  readonly plain: string;
}

export type Entry = Run | Broken;

/** Tells the two apart. */
export function isRun(entry: Entry): entry is Run {
  return 'record' in entry;
}
