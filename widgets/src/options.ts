/** What a host tells the view about itself. */

import type { Language, Translate } from './language.js';

/** What a person thinks of the steering in a round. */
export type Rating = 'good' | 'bad';

/** What the host can do. A button whose action is missing is not shown; a promise that rejects is told the reader. */
export interface RunActions {
  /** Ends the run. */
  readonly stop?: () => void | Promise<void>;
  /** Puts text on the clipboard; the browser's own clipboard by default. */
  readonly copy?: (text: string) => void | Promise<void>;
  /** Puts a program into a new cell of the notebook. */
  readonly insertCode?: (code: string) => void | Promise<void>;
  /** Begins a run that goes on from this one with what the reader wrote. */
  readonly feedback?: (text: string) => void | Promise<void>;
  /** Asks the same question again. */
  readonly rerun?: () => void | Promise<void>;
  /** Keeps what the reader thinks of a round; null takes it back. */
  readonly rate?: (round: number, rating: Rating | null) => void | Promise<void>;
  /** Shows the whole run in a place of its own. */
  readonly open?: () => void | Promise<void>;
}

export type ActionName = keyof RunActions;

/** Which rounds stand open as long as the reader has not said otherwise. */
export type OpenRounds = 'newest' | 'all' | 'none';

/** The ratings of a run's rounds by their index. */
export type Ratings = Readonly<Record<number, Rating>>;

export interface RunViewOptions {
  readonly actions?: RunActions;
  /** Where the view lives; becomes `data-host` on its root, for style sheets. */
  readonly host?: 'widget' | 'lab' | 'vscode' | 'page';
  /** The view's words in the reader's language; English by default. */
  readonly translate?: Translate;
  /** A BCP 47 tag that numbers are written by. */
  readonly locale?: string;
  /**
   * Draws the formulas in an element, where they stand between `\(` and `\)` or `\[` and `\]`. By default the page's
   * MathJax, where it has one; else formulas stay as they were written.
   */
  readonly typeset?: (node: HTMLElement) => unknown;
  /** Draws a chart of this MIME type that fetches nothing; null where the host cannot. */
  readonly chart?: (mime: string, chart: object) => HTMLElement | null;
  /** Told of the round that the reader opened last. */
  readonly onSelect?: (round: number) => void;
}

/** Streamed answer text newer than the record: `text` follows what round `round` holds in the record `seq`. */
export interface Tail {
  readonly round: number;
  readonly seq: number;
  readonly text: string;
}

/** What the pieces of a view share. */
export interface Surroundings {
  readonly actions: RunActions;
  readonly language: Language;
  readonly typeset: ((node: HTMLElement) => unknown) | undefined;
  readonly chart: ((mime: string, chart: object) => HTMLElement | null) | undefined;
  /** Seconds since the run began, by the reader's own clock while it runs. */
  readonly elapsed: () => number;
}
