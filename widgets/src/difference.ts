/** What one program has that another has not, line by line. */

import { diffLines } from 'diff';

export interface DiffLine {
  readonly sign: '+' | '-' | ' ' | '…';
  readonly text: string;
}

/** Unchanged lines kept around changed ones. */
const CONTEXT = 3;
/** Programs with more changed lines share nothing worth showing. */
const MOST_EDITS = 400;

/** The lines of both, `…` for unchanged ones far from any change; null where the two have too little in common. */
export function difference(before: string, after: string): DiffLine[] | null {
  const whole = (code: string): string => `${code.trimEnd()}\n`;
  const parts = diffLines(whole(before), whole(after), { maxEditLength: MOST_EDITS });
  if (!parts) {
    return null;
  }
  const lines = parts.flatMap(({ value, added, removed }) => {
    const sign = added ? '+' : removed ? '-' : ' ';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text): DiffLine => ({ sign, text }));
  });
  const isNear = lines.map((_, place) =>
    lines.slice(Math.max(0, place - CONTEXT), place + CONTEXT + 1).some(({ sign }) => sign !== ' ')
  );
  return lines.flatMap((one, place): DiffLine[] =>
    isNear[place] ? [one] : place === 0 || isNear[place - 1] ? [{ sign: '…', text: '' }] : []
  );
}
