/** What a reader wants to see of the runs, as they type it. */

import { ANY, type Wish } from '@codesteer/view/parts/filter.js';
import { STATUS } from '@codesteer/view/parts/words.js';

import type { Run } from './run.js';

const isStatus = (text: string): text is Run['record']['status'] => Object.hasOwn(STATUS, text);

/**
 * Reads what was typed: words that must be found in a run, `is:failed` for how it stands, `model:NAME` for a model that
 * took part. A word of that form which names no status is looked for as it is.
 */
export function readWish(typed: string): Wish {
  const words: string[] = [];
  let { status, model } = ANY;
  for (const word of typed.split(/\s+/).filter(Boolean)) {
    const [, kind = '', value = ''] = /^(is|model):(.+)$/i.exec(word) ?? [];
    const state = value.toLowerCase();
    if (kind.toLowerCase() === 'is' && isStatus(state)) {
      status = state;
    } else if (kind.toLowerCase() === 'model') {
      model = value;
    } else {
      words.push(word);
    }
  }
  return { text: words.join(' '), status, model };
}
