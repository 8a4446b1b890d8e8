/** What a host tells the view about itself. */

/** What the host can do. A button whose action is missing is not shown. */
export interface RunActions {
  /** Ends the run. A promise that rejects makes the button usable again. */
  readonly stop?: () => void | Promise<void>;
  /** Puts text on the clipboard; the browser's own clipboard by default. */
  readonly copy?: (text: string) => void | Promise<void>;
  /** Puts a program into a new cell of the notebook. */
  readonly insertCode?: (code: string) => void | Promise<void>;
}

export interface RunViewOptions {
  readonly actions?: RunActions;
  /** Where the view lives; becomes `data-host` on its root, for style sheets. */
  readonly host?: 'widget' | 'lab' | 'vscode' | 'page';
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
  /** Seconds since the run began, by the reader's own clock while it runs. */
  elapsed(): number;
}
