/** The runs of the open notebooks. It holds no truth of its own: the outputs of their cells make it. */

import { isLive } from '@codesteer/view/parts/words.js';
import * as vscode from 'vscode';

import { CellRuns } from './cellRuns.js';
import { type Entry, isRun, type Run } from './run.js';

/** Records come up to ten times a second; a list that changes more often than this is not read. */
const PAUSE_MS = 100;

/**
 * Follows the open notebooks by the events of their documents. An event costs a look at the cells that it names; records
 * are read when they are asked for.
 */
export class RunIndex implements vscode.Disposable {
  private readonly notebooks = new Map<vscode.NotebookDocument, Map<vscode.NotebookCell, CellRuns>>();
  private readonly changes = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly stopping = new Set<string>();

  constructor() {
    this.subscriptions = vscode.Disposable.from(
      this.changes,
      vscode.workspace.onDidOpenNotebookDocument(document => {
        this.add(document);
      }),
      vscode.workspace.onDidCloseNotebookDocument(document => {
        this.notebooks.delete(document);
        this.tell();
      }),
      vscode.workspace.onDidChangeNotebookDocument(event => {
        this.follow(event);
      })
    );
    for (const document of vscode.workspace.notebookDocuments) {
      this.add(document);
    }
  }

  /** Fired after runs came, grew or went; several changes at once are told once. */
  get onDidChange(): vscode.Event<void> {
    return this.changes.event;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.subscriptions.dispose();
  }

  /** The open notebooks with outputs of runs. */
  get documents(): vscode.NotebookDocument[] {
    return [...this.notebooks].filter(([, cells]) => cells.size > 0).map(([document]) => document);
  }

  /** The cells with outputs of runs; reads no record. */
  get cells(): vscode.NotebookCell[] {
    return [...this.notebooks.values()].flatMap(cells => [...cells.keys()]);
  }

  /** The outputs of runs in a notebook, in the order of its cells. */
  of(document: vscode.NotebookDocument): Entry[] {
    return this.read([...(this.notebooks.get(document)?.values() ?? [])]);
  }

  /** The outputs of runs below a cell. */
  under(cell: vscode.NotebookCell): Entry[] {
    return this.read(this.all.filter(runs => runs.cell === cell));
  }

  /** The runs that go on. Only records of cells that are at work are read. */
  get live(): Run[] {
    return this.read(this.all.filter(({ isAtWork }) => isAtWork))
      .filter(isRun)
      .filter(({ record }) => isLive(record));
  }

  /** The run of this name in a notebook, the newest of several. */
  find(document: vscode.NotebookDocument, id: string): Run | undefined {
    return this.of(document)
      .filter(isRun)
      .findLast(({ record }) => record.id === id);
  }

  /** The entry of this key, as it is now. */
  at(key: string): Entry | undefined {
    return this.read(this.all.filter(runs => runs.has(key))).find(entry => entry.key === key);
  }

  /** Notes that somebody asked for the end of a run, or that this could not be brought about. */
  markStopping(run: Run, isStopping: boolean): void {
    if (isStopping) {
      this.stopping.add(run.record.id);
    } else {
      this.stopping.delete(run.record.id);
    }
    this.tell();
  }

  /** Looks at all open notebooks anew. */
  refresh(): void {
    for (const document of vscode.workspace.notebookDocuments) {
      this.add(document);
    }
    this.tell();
  }

  private get all(): CellRuns[] {
    return [...this.notebooks.values()].flatMap(cells => [...cells.values()]);
  }

  private read(cells: CellRuns[]): Entry[] {
    return cells
      .sort((one, other) => one.cell.index - other.cell.index)
      .flatMap(({ entries }) => entries)
      .map(entry => (isRun(entry) ? { ...entry, isStopping: this.stopping.has(entry.record.id) } : entry));
  }

  private add(document: vscode.NotebookDocument): void {
    const cells = this.notebooks.get(document) ?? new Map<vscode.NotebookCell, CellRuns>();
    this.notebooks.set(document, cells);
    for (const cell of document.getCells()) {
      look(cell, cells);
    }
    if (cells.size > 0) {
      this.tell();
    }
  }

  private follow({ notebook, contentChanges, cellChanges }: vscode.NotebookDocumentChangeEvent): void {
    const cells = this.notebooks.get(notebook);
    if (!cells) {
      return;
    }
    let isTouched = false;
    // A cell that moves is taken out and put in again.
    const removed = new Map<vscode.NotebookCell, CellRuns>();
    for (const { removedCells, addedCells } of contentChanges) {
      for (const cell of removedCells) {
        const runs = cells.get(cell);
        if (runs) {
          removed.set(cell, runs);
          cells.delete(cell);
          isTouched = true;
        }
      }
      for (const cell of addedCells) {
        const runs = removed.get(cell);
        if (runs) {
          cells.set(cell, runs);
        } else {
          isTouched = look(cell, cells) || isTouched;
        }
      }
    }
    for (const { cell, outputs, executionSummary } of cellChanges) {
      if (outputs !== undefined) {
        isTouched = look(cell, cells, performance.now()) || isTouched;
      }
      if (executionSummary?.success !== undefined) {
        isTouched = (cells.get(cell)?.end() ?? false) || isTouched;
      }
    }
    if (isTouched) {
      this.tell();
    }
  }

  private tell(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changes.fire();
    }, PAUSE_MS);
  }
}

/** Takes up the outputs of a cell as they are now; says whether runs are or were among them. */
function look(cell: vscode.NotebookCell, cells: Map<vscode.NotebookCell, CellRuns>, changed?: number): boolean {
  const known = cells.get(cell);
  const runs = known ?? new CellRuns(cell);
  if (runs.look(changed)) {
    cells.set(cell, runs);
    return true;
  }
  cells.delete(cell);
  return known !== undefined;
}
