/** The tree of runs: notebooks, and below each its runs, the newest first. */

import { factsOf } from '@codesteer/view/parts/facts.js';
import { fitting, type Wish } from '@codesteer/view/parts/filter.js';
import { codeOf } from '@codesteer/view/parts/files.js';
import { line } from '@codesteer/view/parts/text.js';
import { isLive } from '@codesteer/view/parts/words.js';
import * as vscode from 'vscode';

import { language } from './language.js';
import { type Entry, isRun, type Run } from './run.js';

/** A notebook with runs. */
export interface Group {
  readonly uri: vscode.Uri;
  readonly isOpen: boolean;
  readonly entries: readonly Entry[];
}

export type Node = Group | Entry;

/** What the tree shows. */
export interface Source {
  readonly groups: () => readonly Group[];
  readonly wish: () => Wish;
}

const ICONS: Readonly<Record<Run['record']['status'], vscode.ThemeIcon>> = {
  queued: new vscode.ThemeIcon('clock'),
  running: new vscode.ThemeIcon('loading~spin'),
  done: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
  stopped: new vscode.ThemeIcon('stop-circle', new vscode.ThemeColor('disabledForeground')),
  exhausted: new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
  failed: new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground')),
  lost: new vscode.ThemeIcon('question', new vscode.ThemeColor('list.warningForeground'))
};
/** Longer questions are cut, so that a side bar of ordinary width has room for what follows; the tip has them whole. */
const LONGEST_LABEL = 28;
const BROKEN = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));

/** Whether a node is a notebook. */
export const isGroup = (node: Node): node is Group => 'entries' in node;

/** Draws what its source has. */
export class RunTree implements vscode.TreeDataProvider<Node> {
  private readonly changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changes.event;

  constructor(private readonly source: Source) {}

  refresh(): void {
    this.changes.fire(undefined);
  }

  getChildren(node?: Node): Node[] {
    if (!node) {
      return this.source
        .groups()
        .map(group => ({ ...group, entries: this.fitting(group.entries) }))
        .filter(({ entries }) => entries.length > 0);
    }
    return isGroup(node) ? [...node.entries].sort(newestFirst) : [];
  }

  getParent(node: Node): Node | undefined {
    return isGroup(node)
      ? undefined
      : this.getChildren().find(group => isGroup(group) && group.entries.some(({ key }) => key === node.key));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (isGroup(node)) {
      return groupItem(node);
    }
    const item = isRun(node) ? runItem(node) : brokenItem(node);
    item.id = node.key;
    item.command = { command: 'codesteer.reveal', title: 'Go to the Cell', arguments: [node] };
    return item;
  }

  private fitting(entries: readonly Entry[]): Entry[] {
    const wish = this.source.wish();
    const isAny = wish.text === '' && wish.status === '' && wish.model === '';
    return isAny ? [...entries] : fitting(entries.filter(isRun), wish);
  }
}

/** The runs that began last come first; records that cannot be read come last. */
export function newestFirst(one: Entry, other: Entry): number {
  const [mine, its] = [startOf(one), startOf(other)];
  // Dates are ISO 8601 in UTC. Of two that say nothing, the one further down began later.
  return mine === its ? other.index - one.index : mine < its ? 1 : -1;
}

const startOf = (entry: Entry): string => (isRun(entry) ? entry.record.timing.started || '0' : '');

function groupItem({ uri, isOpen, entries }: Group): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(uri, isOpen ? Expanded : Collapsed);
  item.id = `${isOpen ? 'open' : 'saved'} ${uri.toString()}`;
  item.iconPath = new vscode.ThemeIcon('notebook');
  item.description = language.plural('runs', entries.length);
  item.tooltip = vscode.workspace.asRelativePath(uri);
  item.contextValue = 'notebook';
  return item;
}

function runItem(run: Run): vscode.TreeItem {
  const { record } = run;
  const facts = factsOf(run, language, performance.now());
  const { target } = record.models;
  const rounds = record.rounds.length > 0 ? language.plural('rounds', record.rounds.length) : '';
  const item = new vscode.TreeItem(line(facts.question, LONGEST_LABEL));
  item.description = joined(rounds, facts.time, line(target, 60));
  item.iconPath = run.isStopping ? new vscode.ThemeIcon('stop-circle') : ICONS[record.status];
  item.tooltip = [
    line(record.question.prompt, 1_000),
    joined(facts.status.words, facts.round, facts.time),
    facts.models,
    joined(...facts.badges.map(({ words }) => words), facts.cost),
    record.answer ? `${language.say('answer')}: ${line(record.answer.text, 300)}` : ''
  ]
    .filter(Boolean)
    .join('\n');
  item.accessibilityInformation = { label: joined(facts.status.words, facts.question, target, rounds, facts.time) };
  item.contextValue = [
    'run',
    isLive(record) ? 'live' : 'ended',
    ...(record.answer ? ['answered'] : []),
    ...(codeOf(record) ? ['programmed'] : [])
  ].join(' ');
  return item;
}

function brokenItem({ problem, cure, plain }: Exclude<Entry, Run>): vscode.TreeItem {
  const item = new vscode.TreeItem(problem);
  item.iconPath = BROKEN;
  item.tooltip = [problem, cure, plain].filter(Boolean).join('\n');
  item.contextValue = 'broken';
  return item;
}

const joined = (...parts: string[]): string => parts.filter(Boolean).join(' · ');
