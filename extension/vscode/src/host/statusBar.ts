/** The status bar's word on running runs. */

import { factsOf } from '@codesteer/view/parts/facts.js';
import { line } from '@codesteer/view/parts/text.js';
import * as vscode from 'vscode';

import { escaped } from './icons.js';
import { language } from './language.js';
import type { Run } from './run.js';

const TICK_MS = 1_000;

/** An item that is there while a run goes on. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('codesteer.running', vscode.StatusBarAlignment.Left, 10);
  private ticker: ReturnType<typeof setInterval> | undefined;

  /** @param running - the runs that go on, as they are now; null where the reader wants no item. */
  constructor(private readonly running: () => readonly Run[] | null) {
    this.item.name = 'CodeSteer Runs';
    this.item.command = 'codesteer.runs.focus';
    this.update();
  }

  dispose(): void {
    clearInterval(this.ticker);
    this.item.dispose();
  }

  update(): void {
    const runs = this.running() ?? [];
    const [first] = runs;
    if (!first) {
      clearInterval(this.ticker);
      this.ticker = undefined;
      this.item.hide();
      return;
    }
    const words = runs.length === 1 ? oneRun(first) : language.plural('runs', runs.length);
    this.item.text = `$(loading~spin) CodeSteer: ${escaped(words)}`;
    this.item.tooltip = runs.map(({ record }) => line(record.question.prompt, 120)).join('\n');
    this.item.show();
    this.ticker ??= setInterval(() => {
      this.update();
    }, TICK_MS);
  }
}

function oneRun(run: Run): string {
  const { status, round, time } = factsOf(run, language, performance.now());
  return [run.isStopping ? status.words : round || status.words, time].filter(Boolean).join(' · ');
}
