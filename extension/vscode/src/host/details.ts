/** Editors that show one whole run each, with the view that its cell has. */

import { line } from '@codesteer/view/parts/text.js';
import * as vscode from 'vscode';

import { type PageMessage, type RunMessage, readRendererMessage } from '../messages.js';
import { possible } from './doing.js';
import { pageHtml, pageIcon, pageOptions } from './page.js';
import { type Entry, isRun, type Run } from './run.js';
import { Settings } from './settings.js';

const LONGEST_TITLE = 40;

/** One editor: the run as it is, or was last. */
interface Shown {
  readonly panel: vscode.WebviewPanel;
  run: Run;
}

/** Opens the editors, and keeps them current while their notebooks are open. */
export class Details implements vscode.Disposable {
  private readonly shown = new Map<string, Shown>();

  /**
   * @param now - the entry of this key as it is now.
   * @param serve - does what the reader asks for on a page.
   */
  constructor(
    private readonly extension: vscode.Uri,
    private readonly now: (key: string) => Entry | undefined,
    private readonly serve: (message: RunMessage, run: Run) => Promise<void>
  ) {}

  dispose(): void {
    for (const { panel } of this.shown.values()) {
      panel.dispose();
    }
  }

  /** The run of the editor that the reader is in. */
  get active(): Run | undefined {
    return [...this.shown.values()].find(({ panel }) => panel.active)?.run;
  }

  /** Shows a run beside what is open, or brings up the editor that shows it. */
  open(run: Run): void {
    const known = this.shown.get(run.key);
    if (known) {
      known.run = run;
      known.panel.reveal();
      void this.send(known);
      return;
    }
    const title = `CodeSteer: ${line(run.record.question.prompt, LONGEST_TITLE)}`;
    const panel = vscode.window.createWebviewPanel('codesteer.details', title, vscode.ViewColumn.Beside, {
      ...pageOptions(this.extension),
      enableFindWidget: true
    });
    panel.iconPath = pageIcon(this.extension);
    const one: Shown = { panel, run };
    this.shown.set(run.key, one);
    panel.onDidDispose(() => this.shown.delete(run.key));
    panel.webview.onDidReceiveMessage((raw: unknown) => {
      const message = readRendererMessage(raw);
      if (message?.type === 'ready') {
        void this.send(one);
      } else if (message) {
        void this.serve(message, one.run);
      }
    });
    panel.webview.html = pageHtml(panel.webview, this.extension, 'details', 'CodeSteer run');
  }

  /** Shows the newest of each run. */
  update(): void {
    for (const one of this.shown.values()) {
      const now = this.now(one.run.key);
      if (now && isRun(now) && (now.record !== one.run.record || now.isStopping !== one.run.isStopping)) {
        one.run = now;
        void this.send(one);
      }
    }
  }

  /** Shows every run again: what can be done, or how it is to be drawn, has changed. */
  redraw(): void {
    for (const one of this.shown.values()) {
      void this.send(one);
    }
  }

  private async send({ panel, run }: Shown): Promise<void> {
    const message: PageMessage = {
      type: 'run',
      record: run.record,
      possible: possible(run),
      preferences: new Settings(run.notebook).preferences
    };
    await panel.webview.postMessage(message);
  }
}
