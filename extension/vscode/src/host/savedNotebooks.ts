/** The notebooks of the workspace that are not open, as far as they have runs. */

import * as vscode from 'vscode';

import type { Entry } from './run.js';
import { entriesIn } from './savedNotebook.js';

/** What is not looked into: environments, checkpoints, what other tools put aside. */
const ELSEWHERE = '**/{node_modules,.venv,venv,.ipynb_checkpoints,.git,site-packages}/**';
const MOST_NOTEBOOKS = 500;
/** Larger files are not looked into, in bytes; the log names them. */
export const LARGEST_FILE = 64_000_000;

interface Known {
  readonly mtime: number;
  readonly size: number;
  readonly entries: readonly Entry[];
}

const decoder = new TextDecoder();

/** Reads the files one after another once somebody wants to see them, and again those that change. */
export class SavedNotebooks implements vscode.Disposable {
  private readonly known = new Map<string, Known>();
  private readonly changes = new vscode.EventEmitter<void>();
  private watcher: vscode.FileSystemWatcher | undefined;
  private reading: Promise<void> | undefined;

  constructor(private readonly log: Pick<vscode.LogOutputChannel, 'info' | 'warn'>) {}

  get onDidChange(): vscode.Event<void> {
    return this.changes.event;
  }

  dispose(): void {
    this.watcher?.dispose();
    this.changes.dispose();
  }

  /** The notebooks with runs, and those runs. */
  get all(): { uri: vscode.Uri; entries: readonly Entry[] }[] {
    return [...this.known]
      .filter(([, { entries }]) => entries.length > 0)
      .map(([uri, { entries }]) => ({ uri: vscode.Uri.parse(uri), entries }));
  }

  /** Begins to look for notebooks and to watch them; does so once. */
  begin(): Promise<void> {
    this.watcher ??= this.watch();
    this.reading ??= this.readAll();
    return this.reading;
  }

  /** Looks again at what changed since. */
  async refresh(): Promise<void> {
    await this.reading;
    this.reading = this.readAll();
    await this.reading;
  }

  private watch(): vscode.FileSystemWatcher {
    const watcher = vscode.workspace.createFileSystemWatcher('**/*.ipynb');
    const again = (uri: vscode.Uri): void => {
      void this.read(uri);
    };
    watcher.onDidChange(again);
    watcher.onDidCreate(again);
    watcher.onDidDelete(uri => {
      if (this.known.delete(uri.toString())) {
        this.changes.fire();
      }
    });
    return watcher;
  }

  private async readAll(): Promise<void> {
    const found = await vscode.workspace.findFiles('**/*.ipynb', ELSEWHERE, MOST_NOTEBOOKS + 1);
    if (found.length > MOST_NOTEBOOKS) {
      this.log.info(`Only ${MOST_NOTEBOOKS} notebooks of the workspace are looked into.`);
    }
    const there = new Set(found.map(String));
    for (const uri of [...this.known.keys()].filter(uri => !there.has(uri))) {
      this.known.delete(uri);
    }
    for (const uri of found.slice(0, MOST_NOTEBOOKS)) {
      await this.read(uri);
    }
    this.changes.fire();
  }

  private async read(uri: vscode.Uri): Promise<void> {
    try {
      const { mtime, size } = await vscode.workspace.fs.stat(uri);
      const name = uri.toString();
      const known = this.known.get(name);
      if (known?.mtime === mtime && known.size === size) {
        return;
      }
      if (size > LARGEST_FILE) {
        this.log.info(
          `${vscode.workspace.asRelativePath(uri)} is not looked into: ${Math.round(size / 1_000_000)} MB.`
        );
      }
      const isReadable = size > 0 && size <= LARGEST_FILE;
      const entries = isReadable ? entriesIn(decoder.decode(await vscode.workspace.fs.readFile(uri)), uri) : [];
      this.known.set(name, { mtime, size, entries });
      if (entries.length > 0 || (known?.entries.length ?? 0) > 0) {
        this.changes.fire();
      }
    } catch (fault) {
      // It may have gone in between, or not be ours to read.
      this.log.warn(`${vscode.workspace.asRelativePath(uri)} could not be read: ${String(fault)}`);
    }
  }
}
