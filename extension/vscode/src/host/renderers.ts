/** The view in the outputs of notebooks, as far as it talks to the extension. */

import { isUnreadable, readRecord } from '@codesteer/view/parts/read.js';
import * as vscode from 'vscode';

import { type HostMessage, readRendererMessage, type RunMessage } from '../messages.js';
import { isRun, type Run } from './run.js';
import type { RunIndex } from './runIndex.js';
import { Settings } from './settings.js';

const RENDERER = 'codesteer-run';

/** Serves the renderers of all notebooks. */
export class Renderers implements vscode.Disposable {
  private readonly messaging = vscode.notebooks.createRendererMessaging(RENDERER);
  private readonly listening: vscode.Disposable[];
  /** The runs of each notebook that its renderer was told to be lost. */
  private readonly told = new WeakMap<vscode.NotebookDocument, string>();

  /** @param serve - does what the reader asks for in an output. */
  constructor(
    private readonly index: RunIndex,
    serve: (message: RunMessage, run: Run | undefined) => Promise<void>
  ) {
    this.listening = [
      this.messaging.onDidReceiveMessage(({ editor, message: raw }) => {
        const message = readRendererMessage(raw);
        if (message?.type === 'ready') {
          void this.tell(editor);
        } else if (message) {
          void serve(message, this.runOf(message, editor.notebook));
        }
      }),
      index.onDidChange(() => {
        const isNews = ({ notebook }: vscode.NotebookEditor): boolean =>
          (this.told.get(notebook) ?? '') !== this.lost(notebook).join();
        void Promise.all(vscode.window.visibleNotebookEditors.filter(isNews).map(editor => this.tell(editor)));
      })
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.listening).dispose();
  }

  /** Tells the renderers how the reader wants runs drawn. */
  async tellAll(): Promise<void> {
    await Promise.all(vscode.window.visibleNotebookEditors.map(editor => this.tell(editor)));
  }

  /** The run that a message is about; one that the notebook's document does not have (yet) is shown as it was drawn. */
  private runOf(message: RunMessage, notebook: vscode.NotebookDocument): Run | undefined {
    const found = 'runId' in message ? this.index.find(notebook, message.runId) : undefined;
    if (found ?? message.type !== 'open') {
      return found;
    }
    const record = readRecord(message.record);
    return isUnreadable(record)
      ? undefined
      : {
          key: `${notebook.uri.toString()}#${message.runId}`,
          ...{ notebook: notebook.uri, cell: null, index: 0 },
          ...{ record, received: performance.now(), isStopping: false },
          textOf: () => null
        };
  }

  private lost(notebook: vscode.NotebookDocument): string[] {
    const records = this.index
      .of(notebook)
      .filter(isRun)
      .map(({ record }) => record);
    return records.filter(({ status, id }) => status === 'lost' && id !== '').map(({ id }) => id);
  }

  private async tell(editor: vscode.NotebookEditor): Promise<void> {
    const lost = this.lost(editor.notebook);
    this.told.set(editor.notebook, lost.join());
    const message: HostMessage = {
      type: 'preferences',
      preferences: new Settings(editor.notebook.uri).preferences,
      trusted: vscode.workspace.isTrusted,
      lost
    };
    await this.messaging.postMessage(message, editor);
  }
}
