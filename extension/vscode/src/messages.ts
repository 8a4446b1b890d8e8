/** What the views of runs (in notebooks and in editors of their own) and the extension say to each other. */

import { isObject } from '@codesteer/view/parts/read.js';

/** Which rounds stand open when a run is drawn. */
export type OpenRounds = 'newest' | 'all' | 'none';

/** What a reader set about the view. */
export interface Preferences {
  readonly rounds: OpenRounds;
}

export const DEFAULT_PREFERENCES: Preferences = { rounds: 'newest' };

/** From a view: what the reader wants done with a run. */
export type RunMessage =
  /** Puts a program into a new cell below the run's. */
  | { readonly type: 'insert-code'; readonly runId: string; readonly code: string }
  /** Puts text on the clipboard. */
  | { readonly type: 'copy'; readonly text: string }
  /** Shows the whole run in an editor of its own. */
  | { readonly type: 'open'; readonly runId: string; readonly record: object }
  /** Ends the run. */
  | { readonly type: 'stop'; readonly runId: string }
  /** Asks the question of the run again. */
  | { readonly type: 'run-again'; readonly runId: string }
  /** Begins a run that goes on from this one with the reader's words. */
  | { readonly type: 'continue'; readonly runId: string; readonly words: string };

/** From a view; `ready`: it has begun, and would like to know the preferences or the run. */
export type RendererMessage = RunMessage | { readonly type: 'ready' };

/** To the renderer, when it begins and whenever something of it changes. */
export interface HostMessage {
  readonly type: 'preferences';
  readonly preferences: Preferences;
  /** Whether cells may be written and run: not in workspaces that are not trusted. */
  readonly trusted: boolean;
  /** The notebook's runs that say that they go on, and nobody can be running them any more. */
  readonly lost: readonly string[];
}

/** To the page of a webview: what it is to show. */
export type PageMessage =
  | {
      readonly type: 'run';
      readonly record: object;
      /** What can be done with the run: the buttons that are shown. */
      readonly possible: Readonly<Record<'stop' | 'runAgain' | 'goOn' | 'insertCode' | 'copy', boolean>>;
      readonly preferences: Preferences;
    }
  | { readonly type: 'runs'; readonly first: object; readonly second: object };

/** Longest text that is taken from a page, in characters; far more than a record holds. */
const LONGEST = 4_000_000;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST;

/** Returns the message, or null for anything that is none. */
export function readRendererMessage(value: unknown): RendererMessage | null {
  if (!isObject(value)) {
    return null;
  }
  const { type, runId, code, text, record, words } = value;
  switch (type) {
    case 'ready':
      return { type };
    case 'insert-code':
      return isText(runId) && isText(code) ? { type, runId, code } : null;
    case 'copy':
      return isText(text) ? { type, text } : null;
    case 'open':
      return isText(runId) && isObject(record) ? { type, runId, record } : null;
    case 'stop':
    case 'run-again':
      return isText(runId) ? { type, runId } : null;
    case 'continue':
      return isText(runId) && isText(words) ? { type, runId, words } : null;
    default:
      return null;
  }
}

/** Returns the message, or null for anything that is none. */
export function readHostMessage(value: unknown): HostMessage | null {
  if (!isObject(value) || value.type !== 'preferences' || !isObject(value.preferences)) {
    return null;
  }
  return {
    type: 'preferences',
    preferences: { rounds: readOpenRounds(value.preferences.rounds) },
    trusted: value.trusted === true,
    lost: Array.isArray(value.lost) ? value.lost.filter(isText) : []
  };
}

/** Returns the value where it names rounds, else the default. */
export function readOpenRounds(value: unknown): OpenRounds {
  return value === 'all' || value === 'none' ? value : DEFAULT_PREFERENCES.rounds;
}
