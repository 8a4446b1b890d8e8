/** The plain values of VS Code's API, as far as the extension uses them. */

import type * as vscode from 'vscode';

// The numbers are VS Code's own: enums of its types have no values outside it.
export const TreeItemCollapsibleState = enumOf<typeof vscode.TreeItemCollapsibleState>({
  None: 0,
  Collapsed: 1,
  Expanded: 2
});
export const NotebookCellKind = enumOf<typeof vscode.NotebookCellKind>({ Markup: 1, Code: 2 });
export const NotebookEditorRevealType = enumOf<typeof vscode.NotebookEditorRevealType>({
  Default: 0,
  InCenter: 1,
  InCenterIfOutsideViewport: 2,
  AtTop: 3
});
export const StatusBarAlignment = enumOf<typeof vscode.StatusBarAlignment>({ Left: 1, Right: 2 });
export const ViewColumn = enumOf<Pick<typeof vscode.ViewColumn, 'Active' | 'Beside' | 'One'>>({
  Active: -1,
  Beside: -2,
  One: 1
});
export const CompletionItemKind = enumOf<Pick<typeof vscode.CompletionItemKind, 'Function' | 'Property' | 'Value'>>({
  Function: 2,
  Property: 9,
  Value: 11
});

/** The values of an enum, by all of its names. */
function enumOf<E>(values: Readonly<Record<keyof E, number>>): E {
  return values as E;
}

export class Disposable implements vscode.Disposable {
  static from(...all: { dispose: () => unknown }[]): Disposable {
    return new Disposable(() => {
      all.forEach(one => one.dispose());
    });
  }

  constructor(private readonly end: () => unknown) {}

  dispose(): void {
    this.end();
  }
}

export class EventEmitter<T> implements vscode.EventEmitter<T> {
  private readonly listeners = new Set<(event: T) => unknown>();

  readonly event: vscode.Event<T> = (listener, self?: unknown) => {
    const bound = (event: T): unknown => listener.call(self, event);
    this.listeners.add(bound);
    return new Disposable(() => this.listeners.delete(bound));
  };

  fire(event: T): void {
    [...this.listeners].forEach(listener => listener(event));
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export class Uri implements vscode.Uri {
  static file(path: string): Uri {
    return new Uri('file', '', path, '', '');
  }

  static parse(text: string): Uri {
    const { protocol, host, pathname, search, hash } = new URL(text);
    return new Uri(protocol.slice(0, -1), host, decodeURIComponent(pathname), search.slice(1), hash.slice(1));
  }

  static joinPath(base: vscode.Uri, ...segments: string[]): Uri {
    const parts = [...base.path.split('/'), ...segments.flatMap(one => one.split('/'))];
    const path = parts.reduce<string[]>((all, part) => (part === '..' ? all.slice(0, -1) : [...all, part]), []);
    return Uri.of(base.with({ path: path.join('/') }));
  }

  private static of({ scheme, authority, path, query, fragment }: vscode.Uri): Uri {
    return new Uri(scheme, authority, path, query, fragment);
  }

  constructor(
    readonly scheme: string,
    readonly authority: string,
    readonly path: string,
    readonly query: string,
    readonly fragment: string
  ) {}

  get fsPath(): string {
    return this.path;
  }

  with(change: { scheme?: string; authority?: string; path?: string; query?: string; fragment?: string }): Uri {
    const { scheme, authority, path, query, fragment } = this;
    const all = { scheme, authority, path, query, fragment, ...change };
    return new Uri(all.scheme, all.authority, all.path, all.query, all.fragment);
  }

  toString(): string {
    const end = (this.query && `?${this.query}`) + (this.fragment && `#${this.fragment}`);
    return `${this.scheme}://${this.authority}${encodeURI(this.path)}${end}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

export class ThemeColor implements vscode.ThemeColor {
  constructor(readonly id: string) {}
}

export class ThemeIcon implements vscode.ThemeIcon {
  constructor(
    readonly id: string,
    readonly color?: ThemeColor
  ) {}
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;

  constructor(line: number, character: number, endLine: number, endCharacter: number) {
    this.start = new Position(line, character);
    this.end = new Position(endLine, endCharacter);
  }
}

export class MarkdownString {
  value = '';
  isTrusted?: boolean;
  supportHtml?: boolean;

  appendText(text: string): this {
    this.value += text.replace(/[\\`*_{}[\]()#+\-!~<>]/g, '\\$&');
    return this;
  }

  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }

  appendCodeblock(text: string, language = ''): this {
    this.value += `\n\`\`\`${language}\n${text}\n\`\`\`\n`;
    return this;
  }
}

export class Hover {
  readonly contents: MarkdownString[];

  constructor(
    contents: MarkdownString,
    readonly range?: Range
  ) {
    this.contents = [contents];
  }
}

export class CompletionItem {
  range?: Range;
  detail?: string;
  sortText?: string;

  constructor(
    readonly label: string,
    readonly kind?: number
  ) {}
}

export class TreeItem implements vscode.TreeItem {
  id?: string;
  label?: string;
  resourceUri?: vscode.Uri;
  iconPath?: ThemeIcon;
  description?: string | boolean;
  tooltip?: string;
  command?: vscode.Command;
  contextValue?: string;
  accessibilityInformation?: vscode.AccessibilityInformation;

  constructor(
    what: string | vscode.Uri,
    readonly collapsibleState: vscode.TreeItemCollapsibleState = TreeItemCollapsibleState.None
  ) {
    if (typeof what === 'string') {
      this.label = what;
    } else {
      this.resourceUri = what;
    }
  }
}

export class NotebookRange implements vscode.NotebookRange {
  constructor(
    readonly start: number,
    readonly end: number
  ) {}

  get isEmpty(): boolean {
    return this.start === this.end;
  }

  with(change: { start?: number; end?: number }): NotebookRange {
    return new NotebookRange(change.start ?? this.start, change.end ?? this.end);
  }
}

export class NotebookCellData implements vscode.NotebookCellData {
  constructor(
    public kind: vscode.NotebookCellKind,
    public value: string,
    public languageId: string
  ) {}
}

export class NotebookData implements vscode.NotebookData {
  constructor(public cells: NotebookCellData[]) {}
}

export class NotebookEdit implements vscode.NotebookEdit {
  static insertCells(index: number, newCells: NotebookCellData[]): NotebookEdit {
    return new NotebookEdit(new NotebookRange(index, index), newCells);
  }

  constructor(
    public range: NotebookRange,
    public newCells: NotebookCellData[]
  ) {}
}

export class WorkspaceEdit {
  readonly notebookEdits: [vscode.Uri, NotebookEdit[]][] = [];

  set(uri: vscode.Uri, edits: NotebookEdit[]): void {
    this.notebookEdits.push([uri, edits]);
  }
}
