/** The view in the activity bar. */

import * as vscode from 'vscode';

import { readWish } from './filter.js';
import { language } from './language.js';
import { type Entry, isRun, type Run } from './run.js';
import type { RunIndex } from './runIndex.js';
import type { SavedNotebooks } from './savedNotebooks.js';
import { onSettings, Settings } from './settings.js';
import { type Group, isGroup, type Node, RunTree } from './tree.js';

const TICK_MS = 1_000;

/** The tree with its filter; open notebooks come first, then those of the workspace. */
export class RunsView implements vscode.Disposable {
  private readonly tree: RunTree;
  private readonly treeView: vscode.TreeView<Node>;
  private readonly subscriptions: vscode.Disposable;
  private typed = '';
  private ticker: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly index: RunIndex,
    private readonly saved: SavedNotebooks
  ) {
    this.tree = new RunTree({ groups: () => this.groups, wish: () => readWish(this.typed) });
    this.treeView = vscode.window.createTreeView('codesteer.runs', {
      treeDataProvider: this.tree,
      canSelectMany: true,
      showCollapseAll: true
    });
    const draw = (): void => {
      this.draw();
    };
    this.subscriptions = vscode.Disposable.from(
      this.treeView,
      index.onDidChange(draw),
      saved.onDidChange(draw),
      onSettings(draw),
      this.treeView.onDidChangeVisibility(draw)
    );
    this.draw();
  }

  dispose(): void {
    clearInterval(this.ticker);
    this.subscriptions.dispose();
  }

  /** All outputs of runs that the view knows, whatever the filter. */
  get all(): Entry[] {
    return this.groups.flatMap(({ entries }) => entries);
  }

  /** The runs that are chosen in the tree. */
  get selected(): Run[] {
    return this.treeView.selection.filter((node): node is Run => !isGroup(node) && isRun(node));
  }

  get filter(): string {
    return this.typed;
  }

  set filter(typed: string) {
    if (typed !== this.typed) {
      this.typed = typed;
      this.draw();
    }
  }

  /** Looks again at the files of the workspace. */
  async refresh(): Promise<void> {
    await this.saved.refresh();
    this.draw();
  }

  private get groups(): Group[] {
    const open = this.index.documents.map((document): Group => ({
      uri: document.uri,
      isOpen: true,
      entries: this.index.of(document)
    }));
    const opened = new Set(vscode.workspace.notebookDocuments.map(({ uri }) => uri.toString()));
    const files = this.lists ? this.saved.all.filter(({ uri }) => !opened.has(uri.toString())) : [];
    const active = vscode.window.activeNotebookEditor?.notebook.uri.toString();
    const byName = (one: Group, other: Group): number => one.uri.path.localeCompare(other.uri.path);
    const rank = ({ uri }: Group): number => (uri.toString() === active ? 0 : 1);
    return [
      ...open.sort((one, other) => rank(one) - rank(other) || byName(one, other)),
      ...files.map((file): Group => ({ ...file, isOpen: false })).sort(byName)
    ];
  }

  private get lists(): boolean {
    return new Settings().listsSaved;
  }

  private draw(): void {
    if (this.treeView.visible && this.lists) {
      void this.saved.begin();
    }
    const filter = this.typed.trim();
    void vscode.commands.executeCommand('setContext', 'codesteer.filtered', filter !== '');
    this.treeView.message = filter === '' ? '' : `Only runs with: ${filter}`;
    const live = this.index.live.length;
    this.treeView.badge = live > 0 ? { value: live, tooltip: `${language.plural('runs', live)} going on` } : undefined;
    this.tree.refresh();
    this.keepTime(live > 0 && this.treeView.visible);
  }

  /** The clocks of runs go on while somebody can see them. */
  private keepTime(isLive: boolean): void {
    if (!isLive) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    } else {
      this.ticker ??= setInterval(() => {
        this.tree.refresh();
      }, TICK_MS);
    }
  }
}
