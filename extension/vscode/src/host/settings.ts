/** What a reader set, always as it is now. Keys are none of it: they are the kernel's alone. */

import type { Draft } from '@codesteer/view/parts/cellText.js';
import * as vscode from 'vscode';

import { type Preferences, readOpenRounds } from '../messages.js';

const SECTION = 'codesteer';

/** What new cells are made with. */
export type Defaults = Pick<Draft, 'target' | 'steerer' | 'rounds' | 'seconds' | 'tokens' | 'cost'>;

/** The settings of the place where `scope` stands. Values of a wrong type count as not set. */
export class Settings {
  private readonly values: vscode.WorkspaceConfiguration;

  constructor(scope?: vscode.Uri) {
    this.values = vscode.workspace.getConfiguration(SECTION, scope);
  }

  get defaults(): Defaults {
    return {
      target: this.text('target'),
      steerer: this.text('steerer'),
      rounds: this.number('rounds', true),
      seconds: this.number('budget.seconds'),
      tokens: this.number('budget.tokens', true),
      cost: this.number('budget.cost')
    };
  }

  get preferences(): Preferences {
    return { rounds: readOpenRounds(this.values.get('view.rounds')) };
  }

  /** Whether the tree shows the notebooks of the workspace that are not open, too. */
  get listsSaved(): boolean {
    return this.values.get('view.notebooks') !== 'open';
  }

  get hasStatusBar(): boolean {
    return this.values.get('view.statusBar') !== false;
  }

  private text(name: string): string {
    const value = this.values.get(name);
    return typeof value === 'string' ? value.trim() : '';
  }

  private number(name: string, isWhole = false): number | null {
    const value = this.values.get(name);
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) {
      return null;
    }
    return isWhole ? Math.max(1, Math.round(value)) : value;
  }
}

/** Calls back whenever one of our settings changes. */
export function onSettings(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration(event => {
    if (event.affectsConfiguration(SECTION)) {
      listener();
    }
  });
}
