/** The runs of all open notebooks. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { type ISignal, Signal } from '@lumino/signaling';

import { NotebookRuns } from './notebookRuns.js';
import type { IRunIndex, Run } from './tokens.js';

/** Tokens come every 30 ms; a list that changes more often than this is not read. */
const PAUSE_MS = 50;
/** How long a run may take to answer a polite wish for its end. */
const PATIENCE_MS = 1200;

/** Follows the notebooks of a tracker. */
export class RunIndex implements IRunIndex {
  private readonly notebooks = new Map<NotebookPanel, NotebookRuns>();
  private readonly goingOn = new Set<string>();
  private readonly changes = new Signal<this, void>(this);
  private readonly ends = new Signal<this, Run>(this);
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tracker: INotebookTracker) {
    tracker.forEach(panel => {
      this.add(panel);
    });
    tracker.widgetAdded.connect((_, panel) => {
      this.add(panel);
    });
  }

  get changed(): ISignal<this, void> {
    return this.changes;
  }

  get ended(): ISignal<this, Run> {
    return this.ends;
  }

  get runs(): readonly Run[] {
    return [...this.notebooks.values()].flatMap(({ runs }) => runs);
  }

  of(panel: NotebookPanel): readonly Run[] {
    return this.notebooks.get(panel)?.runs ?? [];
  }

  async stop(run: Run): Promise<void> {
    const notebook = this.notebooks.get(run.panel);
    const kernel = run.panel.sessionContext.session?.kernel;
    if (!notebook || !kernel) {
      throw new Error('This notebook has no kernel.');
    }
    const wasTold = notebook.askToStop(run);
    this.tell();
    if (wasTold) {
      await new Promise(resolve => setTimeout(resolve, PATIENCE_MS));
      notebook.refresh();
      const { id } = run.record;
      // A kernel that has heard the wish ends the run; an interrupt would come too late, and hit the next cell.
      if (notebook.isHeard(run) || !notebook.runs.some(({ record }) => record.id === id && isLive(record.status))) {
        return;
      }
    }
    try {
      await kernel.interrupt();
    } catch (fault) {
      notebook.couldNotStop(run);
      throw fault;
    }
  }

  /** Takes note of an interrupt of a notebook's kernel: what runs there is ending, before the kernel has heard of it. */
  interrupted(panel: NotebookPanel, done: Promise<unknown>): void {
    const notebook = this.notebooks.get(panel);
    const ending = notebook?.runs.filter(({ record }) => isLive(record.status)) ?? [];
    for (const run of ending) {
      notebook?.showStopping(run);
    }
    this.tell();
    done.catch(() => {
      for (const run of ending) {
        notebook?.couldNotStop(run);
      }
    });
  }

  private add(panel: NotebookPanel): void {
    const notebook = new NotebookRuns(panel, () => {
      this.timer ??= setTimeout(() => {
        this.tell();
      }, PAUSE_MS);
    });
    this.notebooks.set(panel, notebook);
    panel.disposed.connect(() => {
      notebook.dispose();
      this.notebooks.delete(panel);
      this.tell();
    });
  }

  private tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const notebook of this.notebooks.values()) {
      notebook.refresh();
    }
    const ended: Run[] = [];
    for (const run of this.runs) {
      if (isLive(run.record.status)) {
        this.goingOn.add(run.record.id);
      } else if (this.goingOn.delete(run.record.id)) {
        ended.push(run);
      }
    }
    this.changes.emit();
    for (const run of ended) {
      this.ends.emit(run);
    }
  }
}

/** Whether a run of this status goes on. */
export function isLive(status: Run['record']['status']): boolean {
  return status === 'running' || status === 'queued';
}
