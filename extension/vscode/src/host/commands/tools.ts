/** What the commands stand on. */

import type * as vscode from 'vscode';

import type { Details } from '../details.js';
import type { Doing } from '../doing.js';
import type { Entry, Run } from '../run.js';
import type { RunIndex } from '../runIndex.js';
import type { RunsView } from '../runsView.js';

export interface Tools {
  /** The folder of the extension. */
  readonly extension: vscode.Uri;
  readonly index: RunIndex;
  readonly view: RunsView;
  readonly details: Details;
  readonly doing: Doing;
  /** What is remembered from one window to the next. */
  readonly memory: vscode.Memento;
}

/** What VS Code hands to a command: what it was called on, and all that was chosen with it. */
export type Command = (tools: Tools, on?: unknown, chosen?: unknown) => unknown;

/** Whether something is an entry of our tree. */
export function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && 'key' in value && 'notebook' in value;
}

/** Whether something is a run of our tree. */
export function isRunOfTree(value: unknown): value is Run {
  return isEntry(value) && 'record' in value;
}
