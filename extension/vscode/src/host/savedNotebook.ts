/** The runs in a notebook that is not open, read from its file. */

import { isObject } from '@codesteer/view/parts/read.js';
import { MIME_TYPE } from '@codesteer/view/parts/record.js';
import type * as vscode from 'vscode';

import { type Bundle, read } from './reading.js';
import type { Entry } from './run.js';

/** Returns the outputs of runs in the text of a notebook's file; none for a text that is no notebook. */
export function entriesIn(text: string, notebook: vscode.Uri): Entry[] {
  // Most notebooks have no runs, and need not be taken apart.
  if (!text.includes(MIME_TYPE)) {
    return [];
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return [];
  }
  return listOf(content, 'cells').flatMap((cell, index) =>
    listOf(cell, 'outputs').flatMap((output, place): Entry[] => {
      const data = isObject(output) && isObject(output.data) ? output.data : {};
      if (!Object.hasOwn(data, MIME_TYPE)) {
        return [];
      }
      const at = { key: `${notebook.toString()}#${index}.${place}`, notebook, cell: null, index };
      const bundle = bundleOf(data);
      const reading = read(bundle);
      if (!('record' in reading)) {
        return [{ ...at, ...reading }];
      }
      const { record } = reading;
      const isLost = record.status === 'running' || record.status === 'queued';
      return [
        {
          ...at,
          record: isLost ? { ...record, status: 'lost' } : record,
          received: 0,
          isStopping: false,
          textOf: bundle.textOf
        }
      ];
    })
  );
}

/** A MIME bundle as notebook files hold it: texts may be lists of lines. */
function bundleOf(data: Readonly<Record<string, unknown>>): Bundle {
  const textOf = (mime: string): string | null => {
    const value = data[mime];
    return typeof value === 'string'
      ? value
      : Array.isArray(value) && value.every(line => typeof line === 'string')
        ? value.join('')
        : null;
  };
  return { size: 0, record: () => textOf(MIME_TYPE) ?? data[MIME_TYPE], textOf };
}

function listOf(value: unknown, name: string): unknown[] {
  const list = isObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}
