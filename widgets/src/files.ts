/** A run as a file. */

import type { RunRecord } from './record.js';

/** The forms that a run can be saved in. */
export type Format = 'json' | 'md' | 'html' | 'py';
export const FORMATS: readonly Format[] = ['json', 'md', 'html', 'py'];

/** The program of the answer, or else of the newest round that has one; else empty. */
export function codeOf({ answer, rounds }: RunRecord): string {
  return answer?.code ?? [...rounds].reverse().find(({ answer: { code } }) => code !== null)?.answer.code ?? '';
}

/**
 * Returns the run in this form, or null where it has none.
 *
 * @param textOf - what the run's output holds of a MIME type, where that is a text.
 */
export function exported(record: RunRecord, format: Format, textOf: (mime: string) => string | null): string | null {
  switch (format) {
    case 'json':
      return `${JSON.stringify(record, null, 1)}\n`;
    case 'md':
      return textOf('text/markdown');
    case 'html':
      return textOf('text/html');
    case 'py':
      return codeOf(record) || null;
  }
}

/** The name of the file. */
export function fileName(name: string, format: Format): string {
  return `${name || 'run'}.${format === 'json' ? 'codesteer.json' : format}`;
}
