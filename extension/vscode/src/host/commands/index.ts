/** The commands by their names; users bind keys to them, so they stay. */

import * as vscode from 'vscode';

import { attempted } from '../serving.js';
import { compare } from './compare.js';
import { exportRun } from './export.js';
import { clearFilter, filter, refresh } from './filter.js';
import { insertCell } from './insertCell.js';
import { copyAnswer, goOn, insertCode, openDetails, reveal, runAgain, stop } from './ofRun.js';
import type { Command, Tools } from './tools.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  'codesteer.insertCell': insertCell,
  'codesteer.runAgain': runAgain,
  'codesteer.continue': goOn,
  'codesteer.stop': stop,
  'codesteer.insertCode': insertCode,
  'codesteer.copyAnswer': copyAnswer,
  'codesteer.export': exportRun,
  'codesteer.compare': compare,
  'codesteer.openDetails': openDetails,
  'codesteer.reveal': reveal,
  'codesteer.filter': filter,
  'codesteer.clearFilter': clearFilter,
  'codesteer.refresh': refresh,
  'codesteer.getStarted': () =>
    vscode.commands.executeCommand('workbench.action.openWalkthrough', 'codesteer.codesteer-vscode#start')
};

/** Registers all of them; what goes wrong in one is told the reader. */
export function registerCommands(tools: Tools): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(COMMANDS).map(([id, command]) =>
      vscode.commands.registerCommand(id, (on?: unknown, chosen?: unknown) =>
        attempted(() => command(tools, on, chosen))
      )
    )
  );
}
