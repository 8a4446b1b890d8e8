/** Editors that show two runs side by side. */

import { line } from '@codesteer/view/parts/text.js';
import * as vscode from 'vscode';

import { type PageMessage, readRendererMessage } from '../messages.js';
import { pageHtml, pageIcon, pageOptions } from './page.js';
import type { Run } from './run.js';

const LONGEST_TITLE = 24;

/** Opens an editor that compares two runs as they are now. */
export function openComparison(extension: vscode.Uri, first: Run, second: Run): vscode.WebviewPanel {
  const [one, other] = [first, second].map(({ record }) => line(record.question.prompt, LONGEST_TITLE));
  const title = one === other ? `Two runs: ${one}` : `${one} ↔ ${other}`;
  const panel = vscode.window.createWebviewPanel('codesteer.comparison', title, vscode.ViewColumn.Active, {
    ...pageOptions(extension),
    enableFindWidget: true
  });
  panel.iconPath = pageIcon(extension);
  panel.webview.onDidReceiveMessage((raw: unknown) => {
    if (readRendererMessage(raw)?.type === 'ready') {
      const message: PageMessage = { type: 'runs', first: first.record, second: second.record };
      void panel.webview.postMessage(message);
    }
  });
  panel.webview.html = pageHtml(panel.webview, extension, 'comparison', 'Two CodeSteer runs');
  return panel;
}
