/** What the extension does for the page: it writes cells, fills the clipboard, opens editors and interrupts kernels. */

import type { OpenRounds, RunActions, RunRecord } from '@codesteer/view';
import type { RendererContext } from 'vscode-notebook-renderer';

import { DEFAULT_PREFERENCES, readHostMessage, type RendererMessage } from '../messages.js';

/** A run as messages name it. */
interface Run {
  readonly runId: string;
  readonly record: object;
}

/**
 * The extension, as far as it is there. A page can have no messaging at all, and where it has, nobody may be listening:
 * nothing is offered to the reader before the extension has answered.
 */
export class Host {
  private listens = false;
  private trusted = false;
  private preferences = DEFAULT_PREFERENCES;
  private lost: readonly string[] = [];

  /** @param onChange - called when what the extension can do, or what the reader prefers, has changed. */
  constructor(
    private readonly context: RendererContext<unknown>,
    onChange: () => void
  ) {
    context.onDidReceiveMessage?.((message: unknown) => {
      const read = readHostMessage(message);
      if (read) {
        this.listens = true;
        this.trusted = read.trusted;
        this.preferences = read.preferences;
        this.lost = read.lost;
        onChange();
      }
    });
    this.post({ type: 'ready' });
  }

  /** Which rounds stand open when a run is drawn. */
  get rounds(): OpenRounds {
    return this.preferences.rounds;
  }

  /** Whether nobody can be running a run any more that says that it goes on: it was saved in the middle. */
  isLost({ id, status }: RunRecord): boolean {
    return (status === 'running' || status === 'queued') && this.lost.includes(id);
  }

  /** What can be done with the run that `run` returns. */
  actionsFor(run: () => Run): RunActions {
    if (!this.listens) {
      return {};
    }
    const reading: RunActions = {
      copy: text => {
        this.post({ type: 'copy', text });
      },
      open: () => {
        this.post({ type: 'open', ...run() });
      }
    };
    if (!this.trusted) {
      return reading;
    }
    return {
      ...reading,
      insertCode: code => {
        this.post({ type: 'insert-code', runId: run().runId, code });
      },
      stop: () => {
        this.post({ type: 'stop', runId: run().runId });
      },
      rerun: () => {
        this.post({ type: 'run-again', runId: run().runId });
      },
      feedback: words => {
        this.post({ type: 'continue', runId: run().runId, words });
      }
    };
  }

  private post(message: RendererMessage): void {
    this.context.postMessage?.(message);
  }
}
