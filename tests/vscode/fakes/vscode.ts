/** VS Code's API, as far as the extension uses it, on a {@link world}. The types of the real one check it. */

import type * as vscode from 'vscode';

import { FakeNotebook } from './notebook.js';
import { Disposable, EventEmitter, type NotebookData, NotebookRange, Uri, type WorkspaceEdit } from './values.js';
import { type FakePanel, world } from './world.js';

export * from './values.js';

const editorOf = (notebook: FakeNotebook): vscode.NotebookEditor => ({
  notebook,
  selection: new NotebookRange(world.selection.start, world.selection.end),
  selections: [new NotebookRange(world.selection.start, world.selection.end)],
  visibleRanges: [],
  revealRange: () => undefined
});

export const env = {
  language: 'en',
  clipboard: {
    readText: () => Promise.resolve(world.clipboard),
    writeText: text => {
      world.clipboard = text;
      return Promise.resolve();
    }
  }
} satisfies Partial<typeof vscode.env>;

export const commands = {
  registerCommand: (id, act) => {
    if (world.commands.has(id)) {
      throw new Error(`command '${id}' already exists`);
    }
    world.commands.set(id, act);
    return new Disposable(() => world.commands.delete(id));
  },
  executeCommand: <T>(id: string, ...given: unknown[]): Promise<T> => {
    if (id === 'setContext') {
      world.contexts.set(String(given[0]), given[1]);
    } else {
      world.executed.push([id, ...given]);
    }
    return Promise.resolve(world.commands.get(id)?.(...given) as T);
  },
  getCommands: () => Promise.resolve([...world.commands.keys()])
} satisfies Partial<typeof vscode.commands>;

export const extensions = {
  getExtension: ((id: string) => world.extensions.get(id)) as typeof vscode.extensions.getExtension
} satisfies Partial<typeof vscode.extensions>;

export const languages = {
  registerCompletionItemProvider: (_, provider) => {
    world.completion = provider;
    return new Disposable(() => (world.completion = undefined));
  },
  registerHoverProvider: (_, provider) => {
    world.hover = provider;
    return new Disposable(() => (world.hover = undefined));
  }
} satisfies Partial<typeof vscode.languages>;

export const notebooks = {
  createRendererMessaging: () => ({
    onDidReceiveMessage: listener => world.fromRenderer.event(listener),
    postMessage: message => {
      world.told.push(message);
      return Promise.resolve(true);
    }
  })
} satisfies Partial<typeof vscode.notebooks>;

const missing = (uri: vscode.Uri): Error => new Error(`no file ${uri.toString()}`);

export const workspace = {
  get isTrusted() {
    return world.isTrusted;
  },
  get notebookDocuments() {
    return world.notebooks;
  },
  workspaceFolders: [{ uri: Uri.file('/books'), name: 'work', index: 0 }],
  onDidOpenNotebookDocument: listener => world.onOpen.event(listener),
  onDidCloseNotebookDocument: listener => world.onClose.event(listener),
  onDidChangeNotebookDocument: listener => world.onChange.event(listener),
  onDidChangeConfiguration: listener => world.onSettings.event(listener),
  onDidGrantWorkspaceTrust: listener => world.onTrust.event(listener),
  asRelativePath: path => (typeof path === 'string' ? path : path.path).replace(/^\/books\//, ''),
  getConfiguration: () =>
    ({ get: (name: string) => world.settings.get(name) }) as unknown as vscode.WorkspaceConfiguration,
  findFiles: (_include, _exclude, most = Infinity) =>
    Promise.resolve([...world.files.keys()].slice(0, most).map(name => Uri.parse(name))),
  createFileSystemWatcher: () => ({
    ignoreCreateEvents: false,
    ignoreChangeEvents: false,
    ignoreDeleteEvents: false,
    onDidChange: listener => world.onFile.changed.event(listener),
    onDidCreate: listener => world.onFile.created.event(listener),
    onDidDelete: listener => world.onFile.deleted.event(listener),
    dispose: () => undefined
  }),
  fs: {
    stat: (uri: vscode.Uri) => {
      const file = world.files.get(uri.toString());
      return file
        ? Promise.resolve({ type: 1, ctime: 0, mtime: file.mtime, size: file.bytes.byteLength })
        : Promise.reject(missing(uri));
    },
    readFile: (uri: vscode.Uri) => {
      world.reads.push(uri.path);
      const file = world.files.get(uri.toString());
      return file ? Promise.resolve(file.bytes) : Promise.reject(missing(uri));
    },
    writeFile: (uri: vscode.Uri, bytes: Uint8Array) => {
      world.files.set(uri.toString(), { bytes, mtime: 2 });
      return Promise.resolve();
    }
  } as unknown as vscode.FileSystem,
  applyEdit: (edit: vscode.WorkspaceEdit) => {
    const { notebookEdits } = edit as unknown as WorkspaceEdit;
    const done = notebookEdits.every(([uri, edits]) =>
      world.notebooks.find(one => one.uri.toString() === uri.toString())?.apply(edits)
    );
    return Promise.resolve(done);
  },
  openNotebookDocument: ((what: string | Uri, content?: NotebookData) => {
    const uri = typeof what === 'string' ? new Uri('untitled', '', '/Untitled-1.ipynb', '', '') : what;
    const known = world.notebooks.find(one => one.uri.toString() === uri.toString());
    if (!known && typeof what !== 'string' && !world.files.has(uri.toString())) {
      return Promise.reject(missing(uri));
    }
    const opened = known ?? new FakeNotebook(uri);
    if (!known) {
      const file = world.files.get(uri.toString());
      const cells = file
        ? (JSON.parse(new TextDecoder().decode(file.bytes)) as { cells: { source: string }[] }).cells
        : [];
      [...cells.map(({ source }) => source), ...(content?.cells ?? []).map(({ value }) => value)].forEach(text =>
        opened.with(text)
      );
      world.open(opened);
    }
    return Promise.resolve(opened);
  }) as typeof vscode.workspace.openNotebookDocument
} satisfies Partial<typeof vscode.workspace>;

/** Takes the next answer of the reader. */
function answer<T>(title: string, items: readonly vscode.QuickPickItem[], find: (given: unknown) => T): Promise<T> {
  world.asked.push({
    title,
    labels: items.map(({ label }) => label),
    descriptions: items.map(({ description }) => description ?? '')
  });
  return Promise.resolve(find(world.answers.shift()));
}

export const window = {
  get activeNotebookEditor() {
    return world.active && editorOf(world.active);
  },
  get visibleNotebookEditors() {
    return world.active ? [editorOf(world.active)] : [];
  },
  showNotebookDocument: (document, options) => {
    const notebook = document as FakeNotebook;
    const selections = options?.selections ?? [];
    world.active = notebook;
    const [first] = selections;
    if (first) {
      world.selection = { start: first.start, end: first.end };
    }
    world.shown.push({ notebook, selections });
    return Promise.resolve(editorOf(notebook));
  },
  showTextDocument: ((uri: vscode.Uri) => {
    world.openedTexts.push(uri.path);
    return Promise.resolve();
  }) as unknown as typeof vscode.window.showTextDocument,
  showErrorMessage: ((words: string) => {
    world.errors.push(words);
    return Promise.resolve();
  }) as typeof vscode.window.showErrorMessage,
  showInformationMessage: ((words: string) => {
    world.notes.push(words);
    return Promise.resolve(world.answers.shift());
  }) as typeof vscode.window.showInformationMessage,
  setStatusBarMessage: (words: string) => {
    world.notes.push(words);
    return new Disposable(() => undefined);
  },
  showQuickPick: ((items: vscode.QuickPickItem[], options: vscode.QuickPickOptions) =>
    answer(options.title ?? '', items, given =>
      items.find(({ label }) => label === given)
    )) as unknown as typeof vscode.window.showQuickPick,
  showInputBox: options => answer(options?.title ?? '', [], given => given as string | undefined),
  showSaveDialog: options =>
    answer(options?.defaultUri?.path ?? '', [], given => (typeof given === 'string' ? Uri.file(given) : undefined)),
  createQuickPick: (() => input()) as unknown as typeof vscode.window.createQuickPick,
  createInputBox: (() => input()) as unknown as typeof vscode.window.createInputBox,
  createStatusBarItem: (() => {
    const item = { text: '', tooltip: '', command: '', name: '', isShown: false };
    world.statusItems.push(item);
    return Object.assign(item, {
      show: () => {
        item.isShown = true;
      },
      hide: () => {
        item.isShown = false;
      },
      dispose: () => {
        item.isShown = false;
      }
    });
  }) as unknown as typeof vscode.window.createStatusBarItem,
  createTreeView: ((_: string, { treeDataProvider }: vscode.TreeViewOptions<unknown>) => {
    world.tree = treeDataProvider;
    treeDataProvider.onDidChangeTreeData?.(node => world.treeChanges.push(node));
    const view = { selection: [], visible: false, message: '', badge: undefined };
    world.treeViews.push(view);
    return Object.assign(view, {
      onDidChangeVisibility: world.treeVisibility.event,
      dispose: () => undefined
    });
  }) as unknown as typeof vscode.window.createTreeView,
  createOutputChannel: (() => ({
    info: (words: string) => world.logged.push(words),
    warn: (words: string) => world.logged.push(words),
    dispose: () => undefined
  })) as unknown as typeof vscode.window.createOutputChannel,
  createWebviewPanel: ((viewType: string, title: string, _: unknown, options: vscode.WebviewOptions) => {
    const received = new EventEmitter<unknown>();
    const disposed = new EventEmitter<void>();
    const panel: FakePanel = {
      viewType,
      title,
      options,
      html: '',
      sent: [],
      say: message => {
        received.fire(message);
      },
      close: () => {
        disposed.fire();
      },
      active: true
    };
    world.panels.push(panel);
    return {
      title,
      get active() {
        return panel.active;
      },
      reveal: () => {
        panel.active = true;
      },
      dispose: panel.close,
      onDidDispose: disposed.event,
      webview: {
        cspSource: 'https://*.vscode-cdn.net',
        asWebviewUri: (uri: vscode.Uri) => uri.with({ scheme: 'https', authority: 'file.vscode-cdn.net' }),
        onDidReceiveMessage: received.event,
        postMessage: (message: unknown) => {
          panel.sent.push(message);
          return Promise.resolve(true);
        },
        get html() {
          return panel.html;
        },
        set html(html: string) {
          panel.html = html;
        }
      }
    };
  }) as unknown as typeof vscode.window.createWebviewPanel
} satisfies Partial<typeof vscode.window>;

/** An input box or quick pick. */
function input(): object {
  const changed = new EventEmitter<string>();
  const accepted = new EventEmitter<void>();
  const hidden = new EventEmitter<void>();
  const box = {
    title: '',
    prompt: '',
    placeholder: '',
    value: '',
    items: [] as vscode.QuickPickItem[],
    activeItems: [] as vscode.QuickPickItem[],
    onDidChangeValue: changed.event,
    onDidAccept: accepted.event,
    onDidHide: hidden.event,
    show: () => {
      world.inputs.push(box);
    },
    hide: () => {
      hidden.fire();
    },
    dispose: () => undefined,
    type: (value: string) => {
      box.value = value;
      changed.fire(value);
      box.activeItems = box.items.slice(0, 1);
    },
    accept: (label?: string) => {
      box.activeItems = label === undefined ? box.activeItems : box.items.filter(one => one.label === label);
      accepted.fire();
    }
  };
  return box;
}
