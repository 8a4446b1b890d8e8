/** Draws the runs in a notebook's outputs. */

import style from '@codesteer/view/style.css';
import type { ActivationFunction } from 'vscode-notebook-renderer';

import { Host } from './host.js';
import { RunOutput } from './output.js';
import { readItem } from './reading.js';
import theme from './theme.css';

/** Called by VS Code when the first run of a notebook is to be drawn. */
export const activate: ActivationFunction = context => {
  // Not a <style>: notebooks may forbid those that they did not write.
  const sheets = [style, theme].map(text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  document.adoptedStyleSheets.push(...sheets);
  const outputs = new Map<string, RunOutput>();
  const host = new Host(context, () => {
    for (const output of outputs.values()) {
      output.serve();
    }
  });
  const drop = (id: string): void => {
    outputs.get(id)?.dispose();
    outputs.delete(id);
  };
  return {
    renderOutputItem(item, element) {
      try {
        const reading = readItem(item);
        let output = outputs.get(item.id);
        if (!output) {
          output = new RunOutput(host);
          outputs.set(item.id, output);
        }
        output.show(reading, element);
      } catch (fault) {
        // The next renderer gets the element for itself.
        drop(item.id);
        throw fault;
      }
    },
    disposeOutputItem(id) {
      for (const known of id === undefined ? [...outputs.keys()] : [id]) {
        drop(known);
      }
    }
  };
};
