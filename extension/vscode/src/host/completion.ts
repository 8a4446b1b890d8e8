/** Completion and hover for the options of `%%codesteer` cells. */

import * as vscode from 'vscode';

import { GROUPS } from './options.js';
import { type Names, optionAt, suggestions, told } from './magicLine.js';

const CELLS: vscode.DocumentSelector = { notebookType: 'jupyter-notebook', language: 'python' };

const KINDS = {
  option: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
  command: vscode.CompletionItemKind.Function
} as const;

/** Offers both while it is not disposed; `namesIn` looks for what a cell's notebook has. */
export function offerHelp(namesIn: (cell: vscode.TextDocument) => Names): vscode.Disposable {
  const completing = vscode.languages.registerCompletionItemProvider(
    CELLS,
    {
      provideCompletionItems: (document, position) => {
        if (!isMagic(document, position.line)) {
          return [];
        }
        const before = document.lineAt(position.line).text.slice(0, position.character);
        return suggestions(before, namesIn(document)).map(({ text, from, kind, about }, place) => {
          const item = new vscode.CompletionItem(text, KINDS[kind]);
          item.range = new vscode.Range(position.line, from, position.line, position.character);
          item.detail = about;
          item.sortText = String(place).padStart(4, '0');
          return item;
        });
      }
    },
    ' ',
    '-',
    '=',
    '/'
  );
  const hovering = vscode.languages.registerHoverProvider(CELLS, {
    provideHover: (document, position) => {
      const found = isMagic(document, position.line)
        ? optionAt(document.lineAt(position.line).text, position.character)
        : null;
      if (!found) {
        return null;
      }
      const { option, start, end } = found;
      const usage = `${option.names.join(', ')} ${option.choices.join('|') || option.value}`.trim();
      const text = new vscode.MarkdownString().appendCodeblock(usage, 'text').appendText(told(option));
      text.appendMarkdown('\n\n').appendText(GROUPS[option.group] ?? '');
      return new vscode.Hover(text, new vscode.Range(position.line, start, position.line, end));
    }
  });
  return vscode.Disposable.from(completing, hovering);
}

/** Whether the line is the first with anything in it, or a line magic of its own. */
function isMagic(document: vscode.TextDocument, line: number): boolean {
  if (/^\s*(?:[\w.,\s]+=\s*)?%codesteer\b/.test(document.lineAt(line).text)) {
    return true;
  }
  for (let above = 0; above < line; above += 1) {
    if (!document.lineAt(above).isEmptyOrWhitespace) {
      return false;
    }
  }
  return true;
}
