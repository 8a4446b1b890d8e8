/** What a test puts into VS Code and finds there afterwards. */

import type * as vscode from 'vscode';

import type { FakeNotebook } from './notebook.js';
import { EventEmitter, type Uri } from './values.js';

/** A webview's panel, from both its sides. */
export interface FakePanel {
  readonly viewType: string;
  readonly title: string;
  readonly options: vscode.WebviewOptions;
  html: string;
  /** What the extension sent to the page. */
  readonly sent: unknown[];
  /** Says something as the page. */
  readonly say: (message: unknown) => void;
  readonly close: () => void;
  active: boolean;
}

export interface FakeStatusItem {
  text: string;
  tooltip: string;
  command: string;
  isShown: boolean;
}

/** What an input box or a quick pick of the extension shows; a test types, accepts or leaves. */
export interface FakeInput {
  title: string;
  value: string;
  readonly items: readonly vscode.QuickPickItem[];
  readonly type: (value: string) => void;
  /** Accepts the first item, or the one with this label. */
  readonly accept: (label?: string) => void;
  readonly hide: () => void;
}

interface File {
  readonly bytes: Uint8Array;
  readonly mtime: number;
}

/** A class rather than an object: every test begins with a new one. */
export class World {
  readonly notebooks: FakeNotebook[] = [];
  active: FakeNotebook | undefined;
  selection = { start: 0, end: 1 };
  isTrusted = true;
  /** Reads of `notebookDocuments`, files and configuration. */
  readonly files = new Map<string, File>();
  readonly reads: string[] = [];
  readonly settings = new Map<string, unknown>();
  readonly contexts = new Map<string, unknown>();
  /** The commands that were carried out, with what they were given. */
  readonly executed: [string, ...unknown[]][] = [];
  readonly commands = new Map<string, (...given: unknown[]) => unknown>();
  readonly errors: string[] = [];
  readonly notes: string[] = [];
  readonly logged: string[] = [];
  clipboard = '';
  /** What the reader answers, in order: labels of quick picks, texts of input boxes, places to save to. */
  readonly answers: unknown[] = [];
  /** What they were asked. */
  readonly asked: { title: string; labels: string[]; descriptions: string[] }[] = [];
  readonly inputs: FakeInput[] = [];
  readonly panels: FakePanel[] = [];
  readonly statusItems: FakeStatusItem[] = [];
  readonly shown: { notebook: FakeNotebook; selections: readonly vscode.NotebookRange[] }[] = [];
  readonly openedTexts: string[] = [];
  readonly treeViews: { selection: unknown[]; visible: boolean; message: string; badge: unknown }[] = [];
  readonly treeVisibility = new EventEmitter<vscode.TreeViewVisibilityChangeEvent>();
  tree: vscode.TreeDataProvider<unknown> | undefined;
  readonly treeChanges: unknown[] = [];
  completion: vscode.CompletionItemProvider | undefined;
  hover: vscode.HoverProvider | undefined;
  readonly extensions = new Map<string, { isActive: boolean }>();
  /** What the extension told renderers, and what one says to it. */
  readonly told: unknown[] = [];
  readonly fromRenderer = new EventEmitter<{ editor: vscode.NotebookEditor; message: unknown }>();

  readonly onOpen = new EventEmitter<vscode.NotebookDocument>();
  readonly onClose = new EventEmitter<vscode.NotebookDocument>();
  readonly onChange = new EventEmitter<vscode.NotebookDocumentChangeEvent>();
  readonly onSettings = new EventEmitter<vscode.ConfigurationChangeEvent>();
  readonly onTrust = new EventEmitter<void>();
  readonly onFile = {
    changed: new EventEmitter<vscode.Uri>(),
    created: new EventEmitter<vscode.Uri>(),
    deleted: new EventEmitter<vscode.Uri>()
  };

  /** Opens a notebook, and brings it to the front. */
  open(notebook: FakeNotebook): void {
    notebook.onChange = event => {
      this.onChange.fire(event);
    };
    this.notebooks.push(notebook);
    this.active = notebook;
    this.selection = { start: 0, end: 1 };
    this.onOpen.fire(notebook);
  }

  close(notebook: FakeNotebook): void {
    this.notebooks.splice(this.notebooks.indexOf(notebook), 1);
    this.active = this.notebooks[0];
    this.onClose.fire(notebook);
  }

  file(uri: Uri, text: string, mtime = 1): void {
    this.files.set(uri.toString(), { bytes: new TextEncoder().encode(text), mtime });
  }

  set(name: string, value: unknown): void {
    this.settings.set(name, value);
    this.onSettings.fire({ affectsConfiguration: section => `codesteer.${name}`.startsWith(section) });
  }

  /** The calls of a command. */
  calls(id: string): unknown[][] {
    return this.executed.filter(([one]) => one === id).map(([, ...given]) => given);
  }
}

export let world = new World();

/** Begins anew. */
export function newWorld(): World {
  world = new World();
  return world;
}
