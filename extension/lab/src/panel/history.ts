/** The runs on disk, as the panel lists them: read page by page from the kernel of one notebook. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { ANY, type Wish } from '@codesteer/view/parts/filter.js';
import { isUnreadable, readRecord } from '@codesteer/view/parts/read.js';

import { PackageMissing } from '../kernel.js';
import { deleteKept, exportKept, type KeptRow, listKept, loadKept } from '../kept.js';
import type { KeptRun } from '../tokens.js';

const PAGE = 200;
/** Whoever types is asked for when he pauses. */
const PAUSE_MS = 150;

/** Why there is no list: no notebook, no kernel, no CodeSteer in it, another fault; or it is being read. */
export type Lack = 'notebook' | 'kernel' | 'package' | 'reading' | { readonly fault: string };

/** Reads and keeps the part of the list that was looked at. */
export class History {
  runs: readonly KeptRun[] = [];
  /** How many runs fit the wish, and how many there are. */
  fit = 0;
  all = 0;
  models: readonly string[] = [];
  /** Null where there is a list. */
  lack: Lack | null = 'notebook';
  private panel: NotebookPanel | null = null;
  private kernel: Kernel.IKernelConnection | null = null;
  private wish: Wish = ANY;
  /** Answers to earlier wishes are not for this list any more. */
  private wishes = 0;
  /** The wish that is being read for. */
  private reading = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onChange: () => void) {}

  dispose(): void {
    clearTimeout(this.timer);
    this.wishes += 1;
  }

  /** Has the list be the one of this notebook's kernel, and of this wish; what is so already is not read again. */
  want(panel: NotebookPanel | null, wish: Wish): void {
    const kernel = panel?.sessionContext.session?.kernel ?? null;
    const isOther =
      kernel !== this.kernel || panel !== this.panel || this.lack === 'notebook' || this.lack === 'kernel';
    const { text, status, model } = this.wish;
    const isOtherWish = text !== wish.text || status !== wish.status || model !== wish.model;
    this.wish = wish;
    if (isOther) {
      this.panel = panel;
      this.kernel = kernel;
      this.runs = [];
      this.models = [];
      this.fit = this.all = 0;
      this.lack = panel ? (kernel ? 'reading' : 'kernel') : 'notebook';
    }
    if (kernel && (isOther || isOtherWish)) {
      this.wishes += 1;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.read('', PAGE), isOther ? 0 : PAUSE_MS);
    }
  }

  /** Reads the beginning of the list anew: runs came or went. */
  refresh(): void {
    if (this.kernel) {
      this.wishes += 1;
      if (this.lack !== null) {
        this.lack = 'reading';
        this.onChange();
      }
      void this.read('', Math.max(PAGE, this.runs.length));
    }
  }

  /** Reads the next page, if there is one. */
  more(): void {
    const last = this.runs.at(-1);
    if (last && this.reading !== this.wishes && this.runs.length < this.fit) {
      void this.read(last.row.id, PAGE);
    }
  }

  /** The run with its whole record. */
  async whole(run: KeptRun): Promise<KeptRun> {
    const { kernel } = this;
    if (run.isWhole || !kernel) {
      return run;
    }
    const record = await loadKept(kernel, run.row.id);
    const whole: KeptRun = { ...run, record, isWhole: true };
    this.runs = this.runs.map(one => (one.key === run.key ? whole : one));
    this.onChange();
    return whole;
  }

  private async read(after: string, limit: number): Promise<void> {
    const { kernel, panel, wishes } = this;
    if (!kernel || !panel) {
      return;
    }
    this.reading = wishes;
    try {
      const { runs, fit, all, models, loaded } = await listKept(kernel, this.wish, after, limit);
      if (wishes !== this.wishes) {
        return;
      }
      const made = runs.flatMap(row => this.made(row, kernel, panel, loaded) ?? []);
      const known = new Map(this.runs.map(run => [run.key, run]));
      // A record that was read stays, while the list says the same of it.
      const fresh = made.map(run => {
        const before = known.get(run.key);
        return before?.isWhole && before.row.status === run.row.status ? before : run;
      });
      this.runs = after === '' ? fresh : [...this.runs, ...fresh];
      // Nothing came, so there is nothing more, whatever was counted.
      this.fit = runs.length === 0 ? this.runs.length : fit;
      this.all = all;
      this.models = models;
      this.lack = null;
    } catch (fault) {
      if (wishes !== this.wishes) {
        return;
      }
      this.runs = [];
      this.lack = fault instanceof PackageMissing ? 'package' : { fault: (fault as Error).message };
    } finally {
      this.reading = this.reading === wishes ? 0 : this.reading;
    }
    this.onChange();
  }

  private made(
    row: KeptRow,
    kernel: Kernel.IKernelConnection,
    panel: NotebookPanel,
    isLoaded: boolean
  ): KeptRun | null {
    const { id, status, started, target, seconds, prompt } = row;
    const record = readRecord({
      id,
      status,
      question: { prompt },
      models: { target },
      timing: { started, seconds }
    });
    if (isUnreadable(record)) {
      return null;
    }
    return {
      key: `kept/${id}`,
      record,
      tail: undefined,
      received: performance.now(),
      isStopping: false,
      panel,
      row,
      isWhole: false,
      isLoaded,
      exported: format => exportKept(kernel, id, format),
      forget: async () => {
        await deleteKept(kernel, id);
        this.refresh();
      }
    };
  }
}
