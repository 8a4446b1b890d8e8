/** The renderer of one output: the shared view, with what JupyterLab knows about the cell around it. */

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { type Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { createRunView, type RunView } from '@codesteer/view';

import type { RunCell } from './cell.js';

/** Draws run records; JupyterLab keeps the same renderer for all updates of an output. */
export class RunRenderer extends Widget implements IRenderMime.IRenderer {
  private readonly view: RunView;
  private record: unknown;
  private updates = 0;
  private cellModel: ICodeCellModel | null = null;

  constructor(
    private readonly mimeType: string,
    private readonly findCell: (node: Node) => RunCell | null
  ) {
    super();
    this.addClass('jp-codesteer-run');
    this.view = createRunView(this.node, { host: 'lab', actions: { stop: () => this.interrupt() } });
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.record = model.data[this.mimeType];
    this.updates += 1;
    this.draw();
    return Promise.resolve();
  }

  override dispose(): void {
    this.view.dispose();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.cellModel = this.findCell(this.node)?.cell.model ?? null;
    this.cellModel?.stateChanged.connect(this.draw, this);
    this.draw();
  }

  protected override onBeforeDetach(message: Message): void {
    this.cellModel?.stateChanged.disconnect(this.draw, this);
    this.cellModel = null;
    super.onBeforeDetach(message);
  }

  private draw(): void {
    if (this.record !== undefined) {
      this.view.update(this.isLost() ? { ...(this.record as object), status: 'lost' } : this.record);
    }
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

  /** Stops the run the way that works with every kernel. */
  private async interrupt(): Promise<void> {
    const kernel = this.findCell(this.node)?.panel.sessionContext.session?.kernel;
    if (!kernel) {
      throw new Error('This notebook has no kernel.');
    }
    await kernel.interrupt();
  }
}
