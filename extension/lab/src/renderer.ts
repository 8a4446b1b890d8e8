/** The renderer of one output: the shared view, with what JupyterLab knows about the cell around it. */

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { type Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { RunActions, RunView, Translate } from '@codesteer/view';
import { asks, continuing, nameIn, rerunning } from '@codesteer/view/parts/cellText.js';

import { activate, insertBelow, isWritable, type RunCell, runActive, sourceOf } from './cell.js';
import { marksOf, rate } from './control.js';

/** What JupyterLab lends the view. */
export interface Lent {
  readonly mimeType: string;
  readonly typesetter: IRenderMime.ILatexTypesetter | null;
  readonly translate: Translate;
  readonly findCell: (node: Node) => RunCell | null;
  /** Returns a renderer that shows `chart`, or null where JupyterLab has none. */
  readonly chart: (mime: string, chart: JSONObject) => IRenderMime.IRenderer | null;
}

/** Draws run records; JupyterLab keeps the same renderer for all updates of an output. */
export class RunRenderer extends Widget implements IRenderMime.IRenderer {
  private view: RunView | undefined;
  private loading: Promise<void> | undefined;
  private readonly charts: IRenderMime.IRenderer[] = [];
  private record: unknown;
  private updates = 0;
  private here: RunCell | null = null;
  private cellModel: ICodeCellModel | null = null;
  /** The run that the kernel was asked about last, and whether it keeps it. */
  private known = { run: '', kept: false };

  constructor(private readonly lent: Lent) {
    super();
    this.addClass('jp-codesteer-run');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.record = model.data[this.lent.mimeType];
    this.updates += 1;
    this.loading ??= this.load();
    return this.loading.then(() => {
      this.draw();
    });
  }

  override dispose(): void {
    for (const chart of this.charts) {
      chart.dispose();
    }
    this.view?.dispose();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.here = this.lent.findCell(this.node);
    this.cellModel = this.here?.cell.model ?? null;
    this.cellModel?.stateChanged.connect(this.draw, this);
    this.here?.panel.sessionContext.kernelChanged.connect(this.draw, this);
    this.draw();
  }

  protected override onBeforeDetach(message: Message): void {
    this.cellModel?.stateChanged.disconnect(this.draw, this);
    this.here?.panel.sessionContext.kernelChanged.disconnect(this.draw, this);
    this.cellModel = null;
    this.here = null;
    super.onBeforeDetach(message);
  }

  private get kernel(): Kernel.IKernelConnection | null {
    return this.here?.panel.sessionContext.session?.kernel ?? null;
  }

  /** The view is loaded when there is a run to be seen. */
  private async load(): Promise<void> {
    const { createRunView } = await import('./view.js');
    if (!this.isDisposed) {
      const { typesetter, translate } = this.lent;
      this.view = createRunView(this.node, {
        host: 'lab',
        translate,
        chart: (mime, chart) => this.chart(mime, chart as JSONObject),
        ...(typesetter ? { typeset: (node: HTMLElement) => typesetter.typeset(node) } : {})
      });
    }
  }

  private draw(): void {
    if (this.view && this.record !== undefined) {
      this.view.serve(this.served());
      this.view.update(this.isLost() ? { ...(this.record as object), status: 'lost' } : this.record);
      void this.askMarks();
    }
  }

  /** What can be done here: cells need a notebook that can be changed, runs need a kernel, ratings need the kernel that keeps the run. */
  private served(): RunActions {
    const { here, kernel } = this;
    const run = this.runId();
    if (!here) {
      return {};
    }
    const canWrite = isWritable(here.panel);
    const cells: RunActions = canWrite
      ? {
          insertCode: code => {
            insertBelow(here, code);
          }
        }
      : {};
    if (!kernel) {
      return cells;
    }
    const runs: RunActions = canWrite
      ? {
          feedback: words => {
            insertBelow(here, continuing(sourceOf(here), run, words));
            runActive(here);
          },
          rerun: () => {
            if (asks(sourceOf(here))) {
              activate(here);
            } else {
              insertBelow(here, rerunning(run));
            }
            runActive(here);
          }
        }
      : {};
    return {
      ...cells,
      ...runs,
      stop: () => kernel.interrupt(),
      ...(this.known.kept && this.known.run === run
        ? {
            rate: async (round, rating) => {
              await rate(kernel, run, round, rating);
            }
          }
        : {})
    };
  }

  /** Asks once for each run that has ended what is known of it. */
  private async askMarks(): Promise<void> {
    const run = this.runId();
    const { kernel } = this;
    const status = (this.record as { status?: unknown } | null)?.status;
    if (!kernel || run === '' || run === this.known.run || status === 'running' || status === 'queued') {
      return;
    }
    this.known = { run, kept: false };
    try {
      const { kept, ratings } = await marksOf(kernel, run);
      if (!this.isDisposed && this.known.run === run) {
        this.known = { run, kept };
        this.view?.rated(ratings);
        this.view?.serve(this.served());
      }
    } catch {
      // A kernel without CodeSteer keeps no ratings; it may have it when the output is drawn next.
      this.known = { run: '', kept: false };
    }
  }

  private runId(): string {
    const { id } = (this.record ?? {}) as { id?: unknown };
    return typeof id === 'string' ? nameIn(id) : '';
  }

  private chart(mime: string, chart: JSONObject): HTMLElement | null {
    const renderer = this.lent.chart(mime, chart);
    if (renderer) {
      this.charts.push(renderer);
    }
    return renderer?.node ?? null;
  }

  /**
   * Whether the record says "running" and nobody can be running it: it was saved in the middle of a run. A record that
   * keeps changing is run by somebody, perhaps from another browser.
   */
  private isLost(): boolean {
    const status = (this.record as { status?: unknown } | null)?.status;
    return (
      (status === 'running' || status === 'queued') && this.updates === 1 && this.cellModel?.executionState === 'idle'
    );
  }
}
