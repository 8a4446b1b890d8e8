/** Reads an output's record, or hands the output over to the next renderer. */

import { isUnreadable, readRecord, type RunRecord } from '@codesteer/view';
import type { OutputItem } from 'vscode-notebook-renderer';

/** What an output turned out to hold. */
export type Reading =
  | { readonly record: RunRecord }
  /** No record, of which the view will say why it is none; and its text as it is, as far as a page can bear it. */
  | { readonly record: null; readonly raw: unknown; readonly plain: string };

/** Bytes of an unreadable text that may be handed on; eight times what a writer of records allows itself. */
const MOST_BYTES = 2_000_000;
/** Characters that are shown of a longer one. */
const BEGINNING = 20_000;

/** VS Code goes on to the output's next representation when an error of this name is thrown. */
class NextRenderer extends Error {
  override readonly name = 'vscode.fallbackToNextRenderer';
}

/**
 * Reads the record of an output.
 *
 * An output whose record cannot be read has its HTML and its text beside it, and VS Code's own renderers draw them. Where
 * it has not, VS Code shows the text of the record whole, in one piece, which no page survives if it is huge: such a one is
 * not handed on.
 *
 * @throws an error that VS Code takes for a request to try the next renderer.
 */
export function readItem(item: OutputItem): Reading {
  const text = item.text();
  const raw = parsed(text);
  const record = readRecord(raw);
  if (!isUnreadable(record)) {
    return { record };
  }
  if (item.data().byteLength <= MOST_BYTES) {
    throw new NextRenderer(record.problem);
  }
  return { record: null, raw, plain: text.slice(0, BEGINNING) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
