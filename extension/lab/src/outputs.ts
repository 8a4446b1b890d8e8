/** What a notebook's output says of a run. */

import type { IDisplayData } from '@jupyterlab/nbformat';
import type { PartialJSONObject } from '@lumino/coreutils';
import type { RunRecord } from '@codesteer/view';
import { isUnreadable, readRecord } from '@codesteer/view/parts/read.js';
import { MIME_TYPE } from '@codesteer/view/parts/record.js';

const WIDGET_TYPE = 'application/vnd.jupyter.widget-view+json';

/** A record, or the name of a widget; `isOurs` when the widget says of itself that it shows a run. */
export type Shown =
  | { readonly kind: 'record'; readonly record: RunRecord }
  | { readonly kind: 'widget'; readonly widget: string; readonly isOurs: boolean };

/** Returns what a MIME bundle holds of a run, or null. */
export function shownBy(bundle: Readonly<Record<string, unknown>>): Shown | null {
  if (MIME_TYPE in bundle) {
    const record = readRecord(bundle[MIME_TYPE]);
    return isUnreadable(record) ? null : { kind: 'record', record };
  }
  const view = bundle[WIDGET_TYPE] as { model_id?: unknown } | null | undefined;
  const text = bundle['text/plain'];
  return typeof view?.model_id === 'string'
    ? { kind: 'widget', widget: view.model_id, isOurs: typeof text === 'string' && text.startsWith('RunWidget(') }
    : null;
}

/** An output that keeps a record in the notebook without a kernel's help. */
export function keeping(raw: object, words: string): IDisplayData {
  const record = raw as PartialJSONObject;
  return { output_type: 'display_data', data: { [MIME_TYPE]: record, 'text/plain': words }, metadata: {} };
}
