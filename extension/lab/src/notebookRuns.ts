/** The runs of one open notebook. */

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { PartialJSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { MIME_TYPE } from '@codesteer/view/parts/record.js';

import { GONE } from './kernel.js';
import { displayed, type Heard, LiveRuns, lostRecord } from './live.js';
import { keeping, type Shown, shownBy } from './outputs.js';
import { inTurn } from './sharing.js';
import type { Run } from './tokens.js';

/** What an output shows, and its place below its cell. */
interface Place {
  readonly output: number;
  readonly shown: Shown;
}

/** What is known of a cell; null stands for: to be looked at. */
interface Known {
  places: readonly Place[] | null;
  runs: readonly Run[] | null;
}

/** Follows a notebook's outputs and its kernel's messages. */
export class NotebookRuns {
  runs: readonly Run[] = [];
  private readonly live = new LiveRuns();
  private readonly cells = new Map<ICodeCellModel, Known>();
  private readonly asked = new Set<string>();
  /** Runs whose records changed here: somebody runs them, whatever their cell says. */
  private readonly moving = new Map<string, number>();
  private readonly stopping = new Set<string>();
  private model: NotebookPanel['model'] = null;

  constructor(
    readonly panel: NotebookPanel,
    private readonly onChange: () => void
  ) {
    panel.content.modelChanged.connect(this.takeModel, this);
    panel.sessionContext.iopubMessage.connect(this.hear, this);
    panel.sessionContext.statusChanged.connect(this.followStatus, this);
    panel.sessionContext.kernelChanged.connect(this.followKernel, this);
    this.takeModel();
  }

  dispose(): void {
    Signal.clearData(this);
    this.cells.clear();
    this.runs = [];
  }

  /** Works out anew what has changed. */
  refresh(): void {
    this.runs = [...(this.model?.cells ?? [])].flatMap(model => {
      const cell = model as ICodeCellModel;
      const known = this.cells.get(cell);
      if (!known) {
        return [];
      }
      known.runs ??= this.runsOf(cell);
      return known.runs;
    });
  }

  /** Asks for the end of a run in the kernel's own words; returns whether there was anybody to ask. */
  askToStop(run: Run): boolean {
    this.showStopping(run);
    const widgets = this.live.widgetsOf(run.record.id);
    for (const widget of widgets) {
      this.tell(widget, { method: 'custom', content: { event: 'stop' } });
    }
    return widgets.length > 0;
  }

  /** Shows that a run is ending, as long as it goes on. */
  showStopping(run: Run): void {
    this.stopping.add(run.record.id);
    this.touch(run.cell);
  }

  /** Whether the kernel has said that it is ending the run. */
  isHeard(run: Run): boolean {
    return this.live.widgetsOf(run.record.id).some(widget => this.live.isStopping(widget));
  }

  /** Takes the wish for a run's end back: it could not be told to anybody. */
  couldNotStop(run: Run): void {
    this.stopping.delete(run.record.id);
    this.touch(run.cell);
  }

  private takeModel(): void {
    this.model?.cells.changed.disconnect(this.takeCells, this);
    this.model = this.panel.model;
    this.model?.cells.changed.connect(this.takeCells, this);
    this.takeCells();
    this.askForLiveRuns();
  }

  private takeCells(): void {
    const present = new Set<ICodeCellModel>();
    for (const cell of this.model?.cells ?? []) {
      if (cell.type === 'code') {
        present.add(cell as ICodeCellModel);
      }
    }
    for (const cell of this.cells.keys()) {
      if (!present.has(cell)) {
        this.cells.delete(cell);
      }
    }
    for (const cell of present) {
      if (!this.cells.has(cell)) {
        this.cells.set(cell, { places: null, runs: null });
        cell.outputs.changed.connect(() => {
          this.touch(cell, true);
        }, this);
        cell.stateChanged.connect(() => {
          this.touch(cell);
        }, this);
      }
    }
    this.onChange();
  }

  private touch(cell: ICodeCellModel, isOutput = false): void {
    const known = this.cells.get(cell);
    if (known) {
      known.runs = null;
      known.places = isOutput ? null : known.places;
      this.onChange();
    }
  }

  private touchAll(): void {
    for (const cell of this.cells.keys()) {
      this.touch(cell);
    }
  }

  private touchLive(): void {
    for (const { cell, shown } of this.allPlaces()) {
      if (shown.kind === 'widget') {
        this.touch(cell);
      }
    }
  }

  /** Reading an output copies it, so it is done once for each change. */
  private placesOf(cell: ICodeCellModel): readonly Place[] {
    const known = this.cells.get(cell);
    const places = known?.places ?? read(cell);
    if (known) {
      known.places = places;
    }
    return places;
  }

  private *allPlaces(): Generator<Place & { readonly cell: ICodeCellModel }> {
    for (const cell of this.cells.keys()) {
      for (const place of this.placesOf(cell)) {
        yield { cell, ...place };
      }
    }
  }

  private runsOf(cell: ICodeCellModel): Run[] {
    return this.placesOf(cell).flatMap(({ output, shown }): Run[] => {
      const about = { key: `${this.panel.id}/${cell.id}/${output}`, panel: this.panel, cell, output };
      if (shown.kind === 'widget') {
        const live = this.live.get(shown.widget);
        if (!live) {
          return [];
        }
        const { record, tail, received } = live;
        const isStopping = this.isStopping(record) || (this.live.isStopping(shown.widget) && isGoingOn(record));
        return [{ ...about, record, tail, received, isStopping }];
      }
      const record = this.isAbandoned(shown.record, cell) ? { ...shown.record, status: 'lost' as const } : shown.record;
      const received = this.moving.get(record.id) ?? performance.now();
      return [{ ...about, record, tail: undefined, received, isStopping: this.isStopping(record) }];
    });
  }

  private isStopping(record: Run['record']): boolean {
    return isGoingOn(record) && this.stopping.has(record.id);
  }

  /** Whether a record says "running" and nobody can be running it: it was saved in the middle of a run. */
  private isAbandoned({ id, status }: Run['record'], cell: ICodeCellModel): boolean {
    return isGoingOn({ status }) && !this.moving.has(id) && cell.executionState === 'idle';
  }

  private hear(_: unknown, message: KernelMessage.IMessage): void {
    const heard = message as unknown as Heard;
    if (this.live.hear(heard)) {
      this.touchLive();
    }
    const news = displayed(heard);
    if (news) {
      this.moving.set(news.record.id, performance.now());
      this.catchUp(news.record, news.bundle);
      this.touchAll();
    }
  }

  /**
   * Writes a displayed record into an output that still shows an older state of the run: this page did not start the
   * cell, so JupyterLab does not know where the kernel's messages belong. Where it does know, it has been quicker.
   */
  private catchUp(record: Run['record'], bundle: Record<string, unknown>): void {
    const widgets = this.live.widgetsOf(record.id);
    if (!isGoingOn(record)) {
      this.live.settle(widgets, record, bundle[MIME_TYPE] as object);
    }
    inTurn(this.model, 1, () => {
      this.writeNewer(record, bundle, widgets);
      if (!isGoingOn(record)) {
        this.live.drop(widgets);
        this.touchAll();
      }
    });
  }

  private writeNewer(record: Run['record'], bundle: Record<string, unknown>, widgets: readonly string[]): void {
    for (const { cell, output, shown } of [...this.allPlaces()]) {
      const isOlder =
        shown.kind === 'widget'
          ? widgets.includes(shown.widget)
          : shown.record.id === record.id && shown.record.seq < record.seq && isGoingOn(shown.record);
      if (isOlder) {
        const data = bundle as PartialJSONObject;
        cell.outputs.set(output, { output_type: 'display_data', data, metadata: {} });
      }
    }
  }

  private followStatus(_: unknown, status: Kernel.Status): void {
    if (GONE.has(status)) {
      this.lose();
    } else if (status === 'idle' || status === 'busy') {
      this.askForLiveRuns();
    }
  }

  private followKernel(): void {
    this.lose();
    this.askForLiveRuns();
    this.onChange();
  }

  /** The kernel is gone: its runs are kept in the notebook as far as they came. */
  private lose(): void {
    this.moving.clear();
    this.stopping.clear();
    const lost = this.live.lose().map(([widget, live]) => {
      const raw = lostRecord(live);
      this.live.settle([widget], { ...live.record, status: isGoingOn(live.record) ? 'lost' : live.record.status }, raw);
      return { widget, raw, words: `CodeSteer run ${live.record.id}: lost` };
    });
    inTurn(this.model, 0, () => {
      for (const { widget, raw, words } of lost) {
        for (const { cell, output, shown } of [...this.allPlaces()]) {
          if (shown.kind === 'widget' && shown.widget === widget) {
            cell.outputs.set(output, keeping(raw, words));
          }
        }
        this.live.drop([widget]);
      }
      this.touchAll();
    });
    this.touchAll();
  }

  /** After a reload nothing is known of a widget that was there before; the kernel is asked for it once. */
  private askForLiveRuns(): void {
    if (!this.kernel) {
      return;
    }
    for (const { shown } of this.allPlaces()) {
      if (shown.kind === 'widget' && shown.isOurs && !this.live.get(shown.widget) && !this.asked.has(shown.widget)) {
        this.asked.add(shown.widget);
        this.tell(shown.widget, { method: 'request_state' });
      }
    }
  }

  private get kernel(): Kernel.IKernelConnection | null {
    return this.panel.sessionContext.session?.kernel ?? null;
  }

  private tell(widget: string, data: PartialJSONObject): void {
    const { kernel } = this;
    if (kernel) {
      const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
        msgType: 'comm_msg',
        channel: 'shell',
        username: kernel.username,
        session: kernel.clientId,
        content: { comm_id: widget, data: data as KernelMessage.ICommMsgMsg['content']['data'] }
      });
      kernel.sendShellMessage(message, false, true);
    }
  }
}

function isGoingOn({ status }: Pick<Run['record'], 'status'>): boolean {
  return status === 'running' || status === 'queued';
}

function read(cell: ICodeCellModel): Place[] {
  const places: Place[] = [];
  for (let output = 0; output < cell.outputs.length; output += 1) {
    const shown = shownBy(cell.outputs.get(output).data);
    if (shown) {
      places.push({ output, shown });
    }
  }
  return places;
}
