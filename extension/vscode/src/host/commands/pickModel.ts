/** A model, chosen or typed. */

import * as vscode from 'vscode';

import { escaped } from '../icons.js';
import { MODELS } from '../options.js';

/** What a reader chooses from. */
export interface Choice {
  readonly title: string;
  /** What naming no model is called, and means. */
  readonly otherwise: string;
  readonly about: string;
  /** The model of the settings; empty: none. */
  readonly set: string;
  /** Models of the runs that there are. */
  readonly used: readonly string[];
  readonly memory: vscode.Memento;
  /** Under which name the choice is remembered. */
  readonly slot: 'target' | 'steerer';
}

interface Item extends vscode.QuickPickItem {
  readonly model: string;
}

/** Returns the model, empty for none; undefined when the reader gives up. Whatever they type is taken. */
export function pickModel(choice: Choice): Promise<string | undefined> {
  const { title, memory, slot } = choice;
  const last = memory.get<string>(`last.${slot}`);
  const items = itemsOf(choice, last);
  return new Promise(resolve => {
    const pick = vscode.window.createQuickPick<Item>();
    let chosen: string | undefined;
    pick.title = title;
    pick.placeholder = 'Choose a model, or type the name of any';
    pick.matchOnDescription = true;
    pick.items = items;
    pick.activeItems = items.slice(0, 1);
    pick.onDidChangeValue(value => {
      pick.items = [...typed(value, items), ...items];
    });
    pick.onDidAccept(() => {
      const [item] = pick.activeItems;
      // A name that ends in a slash is the beginning of one.
      if (item?.model.endsWith('/')) {
        pick.value = item.model;
        pick.items = items;
        return;
      }
      chosen = item?.model ?? pick.value.trim();
      pick.hide();
    });
    pick.onDidHide(() => {
      pick.dispose();
      if (chosen !== undefined) {
        void memory.update(`last.${slot}`, chosen);
      }
      resolve(chosen);
    });
    pick.show();
  });
}

/** The reader's own word, as something to choose. */
function typed(value: string, items: readonly Item[]): Item[] {
  const model = value.trim();
  const isKnown = model === '' || items.some(item => item.model === model);
  return isKnown ? [] : [{ label: escaped(model), description: 'as typed', model, alwaysShow: true }];
}

/** The last choice first, then the settings', then what was used, then all that is known. */
function itemsOf({ otherwise, about, set, used }: Choice, last: string | undefined): Item[] {
  const notes = new Map<string, string>();
  const note = (model: string, words: string): void => {
    if (!notes.has(model)) {
      notes.set(model, words);
    }
  };
  if (last !== undefined) {
    note(last, 'last used');
  }
  if (set !== '') {
    note(set, 'from the settings');
  }
  note('', about);
  used.forEach(model => {
    note(model, 'used in a run');
  });
  MODELS.forEach(model => {
    note(model, model.endsWith('/') ? 'any of its models' : '');
  });
  return [...notes].map(([model, description]) => ({
    label: model === '' ? otherwise : escaped(model),
    description: model === '' && description !== about ? `${description}: ${about}` : description,
    model
  }));
}
