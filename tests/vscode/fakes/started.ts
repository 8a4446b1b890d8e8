/** The extension, started in a new world. */

import type * as vscode from 'vscode';

import { activate } from '../../../extension/vscode/src/host/extension.js';
import type { Node } from '../../../extension/vscode/src/host/tree.js';
import { sample, type SampleName } from '../../widgets/samples.js';
import type { RunRecord } from '../../../widgets/src/index.js';
import { Uri } from './values.js';
import { newWorld, type World } from './world.js';

/** What a test has of it. */
export interface Started {
  readonly world: World;
  readonly memory: Map<string, unknown>;
  /** Runs a command as VS Code does. */
  readonly run: (id: string, ...given: unknown[]) => Promise<unknown>;
  /** The children of a node of the tree, as they are now. */
  readonly children: (node?: Node) => Node[];
  readonly item: (node: Node) => vscode.TreeItem;
  readonly stop: () => void;
}

/** Starts it; `before` puts things into the world first. */
export function start(before: (world: World) => void = () => undefined): Started {
  const world = newWorld();
  before(world);
  const memory = new Map<string, unknown>();
  const subscriptions: vscode.Disposable[] = [];
  const context = {
    extensionUri: Uri.file('/extension'),
    subscriptions,
    workspaceState: {
      get: (name: string) => memory.get(name),
      update: (name: string, value: unknown) => Promise.resolve(void memory.set(name, value))
    }
  };
  activate(context as unknown as vscode.ExtensionContext);
  const tree = (): vscode.TreeDataProvider<unknown> => {
    if (!world.tree) {
      throw new Error('no tree');
    }
    return world.tree;
  };
  return {
    world,
    memory,
    run: (id, ...given) => Promise.resolve(world.commands.get(id)?.(...given)),
    children: node => tree().getChildren(node) as Node[],
    item: node => tree().getTreeItem(node) as vscode.TreeItem,
    stop: () => {
      subscriptions.forEach(one => {
        one.dispose();
      });
    }
  };
}

/** A record like one of the samples. */
export const recordOf = (name: SampleName, changes: Partial<RunRecord> = {}): RunRecord => ({
  ...sample(name),
  ...changes
});

/** The record of a run with this name that began at this minute. */
export function begun(id: string, minute: number, name: SampleName = 'refined'): RunRecord {
  const record = recordOf(name, { id });
  const started = `2026-01-01T10:${String(minute).padStart(2, '0')}:00Z`;
  return { ...record, timing: { ...record.timing, started } };
}
