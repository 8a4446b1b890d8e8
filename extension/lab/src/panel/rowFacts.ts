/** What a row of the list says of a run. */

import { type Facts, factsOf, faultBadge } from '@codesteer/view/parts/facts.js';
import type { Language } from '@codesteer/view/parts/language.js';
import { line } from '@codesteer/view/parts/text.js';

import { type AnyRun, isKept, type KeptRun } from '../tokens.js';
import type { Words } from '../words.js';

/** The facts of a run; of one on disk those that its list has. */
export function rowFacts(run: AnyRun, words: Words, language: Language, now: number): Facts {
  const facts = factsOf(run, language, now);
  return isKept(run) ? { ...facts, ...listed(run, words) } : facts;
}

/** What the list on disk says: the number of rounds, when the run began, how its answer begins or why there is none. */
function listed(
  { row: { rounds, started, answer, error } }: KeptRun,
  words: Words
): Pick<Facts, 'round' | 'cost' | 'badges'> {
  const began = new Date(started);
  const fault = error ? [faultBadge(error)] : [];
  return {
    round: rounds > 0 ? words._n('%1 round', '%1 rounds', rounds) : '',
    cost: Number.isNaN(began.getTime()) ? '' : began.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' }),
    badges: answer === '' ? fault : [{ tone: 'plain', icon: 'dot', words: line(answer, 80) }]
  };
}
