/** Notebooks that change as VS Code's do: in place, with an event for what changed. */

import type * as vscode from 'vscode';

import { MIME_TYPE, type RunRecord } from '../../../widgets/src/index.js';
import { type NotebookCellData, NotebookCellKind, type NotebookEdit, Uri } from './values.js';

/** The MIME bundle of an output; values are texts, or JSON. */
export type Bundle = Readonly<Record<string, unknown>>;

/** The output that a run leaves. */
export const bundleOf = (record: RunRecord | Bundle): Bundle => ({
  [MIME_TYPE]: record,
  'text/html': '<p>a run</p>',
  'text/markdown': '# a run\n',
  'text/plain': 'a run'
});

const encoder = new TextEncoder();

function outputOf(bundle: Bundle, place: number): vscode.NotebookCellOutput {
  const items = Object.entries(bundle).map(([mime, value]) => ({
    mime,
    data:
      value instanceof Uint8Array ? value : encoder.encode(typeof value === 'string' ? value : JSON.stringify(value))
  }));
  return { items, metadata: { place } };
}

class FakeText {
  readonly languageId = 'python';
  readonly uri: Uri;

  constructor(
    notebook: Uri,
    name: string,
    private readonly text: string
  ) {
    this.uri = notebook.with({ scheme: 'vscode-notebook-cell', fragment: name });
  }

  getText(): string {
    return this.text;
  }

  lineAt(line: number): { text: string; isEmptyOrWhitespace: boolean } {
    const text = this.text.split('\n')[line] ?? '';
    return { text, isEmptyOrWhitespace: text.trim() === '' };
  }
}

let names = 0;

export class FakeCell implements vscode.NotebookCell {
  readonly document: vscode.TextDocument;
  readonly metadata = {};
  outputs: readonly vscode.NotebookCellOutput[] = [];
  executionSummary: vscode.NotebookCellExecutionSummary | undefined;

  constructor(
    readonly notebook: FakeNotebook,
    text: string,
    bundles: readonly Bundle[] = [],
    readonly kind: vscode.NotebookCellKind = NotebookCellKind.Code
  ) {
    names += 1;
    // A cell's text is asked for its lines and its name, and nothing else.
    this.document = new FakeText(notebook.uri, `W${names}`, text) as unknown as vscode.TextDocument;
    this.outputs = bundles.map(outputOf);
  }

  get index(): number {
    return this.notebook.all.indexOf(this);
  }
}

/** What a notebook tells of its changes; the fake API listens. */
export type OnChange = (event: vscode.NotebookDocumentChangeEvent) => void;

export class FakeNotebook implements vscode.NotebookDocument {
  readonly notebookType = 'jupyter-notebook';
  readonly version = 1;
  readonly isDirty = false;
  readonly isUntitled = false;
  readonly isClosed = false;
  readonly metadata = {};
  readonly all: FakeCell[] = [];
  /** Whether it takes edits. */
  isWritable = true;
  onChange: OnChange = () => undefined;

  constructor(readonly uri: Uri = Uri.file('/books/runs.ipynb')) {}

  get cellCount(): number {
    return this.all.length;
  }

  cellAt(index: number): FakeCell {
    const cell = this.all[Math.min(index, this.all.length - 1)];
    if (!cell) {
      throw new Error('an empty notebook');
    }
    return cell;
  }

  getCells(): FakeCell[] {
    return [...this.all];
  }

  save(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** Adds a cell as if it had been there when the notebook was opened. */
  with(text: string, ...bundles: Bundle[]): FakeCell {
    const cell = new FakeCell(this, text, bundles);
    this.all.push(cell);
    return cell;
  }

  /** Replaces the outputs of a cell, as a kernel does. */
  output(cell: FakeCell, ...bundles: Bundle[]): void {
    cell.outputs = bundles.map(outputOf);
    this.tell([{ cell, outputs: cell.outputs }], []);
  }

  /** Ends the execution of a cell. */
  end(cell: FakeCell, success = true): void {
    cell.executionSummary = { success };
    this.tell([{ cell, executionSummary: cell.executionSummary }], []);
  }

  remove(cell: FakeCell): void {
    const at = cell.index;
    this.all.splice(at, 1);
    this.tell([], [{ range: { start: at, end: at + 1 }, removedCells: [cell], addedCells: [] }]);
  }

  /** Moves a cell to the top: it is taken out and put in again. */
  moveUp(cell: FakeCell): void {
    const at = cell.index;
    this.all.splice(at, 1);
    this.all.unshift(cell);
    this.tell(
      [],
      [
        { range: { start: at, end: at + 1 }, removedCells: [cell], addedCells: [] },
        { range: { start: 0, end: 0 }, removedCells: [], addedCells: [cell] }
      ]
    );
  }

  apply(edits: readonly NotebookEdit[]): boolean {
    if (!this.isWritable) {
      return false;
    }
    for (const { range, newCells } of edits) {
      const added = newCells.map(({ value }: NotebookCellData) => new FakeCell(this, value));
      this.all.splice(range.start, 0, ...added);
      this.tell([], [{ range, removedCells: [], addedCells: added }]);
    }
    return true;
  }

  private tell(
    cells: Partial<vscode.NotebookDocumentCellChange>[],
    contentChanges: { range: { start: number; end: number }; removedCells: FakeCell[]; addedCells: FakeCell[] }[]
  ): void {
    this.onChange({
      notebook: this,
      metadata: undefined,
      cellChanges: cells.map(change => ({
        document: undefined,
        metadata: undefined,
        outputs: undefined,
        executionSummary: undefined,
        ...change
      })) as vscode.NotebookDocumentCellChange[],
      contentChanges: contentChanges as unknown as vscode.NotebookDocumentContentChange[]
    });
  }
}
