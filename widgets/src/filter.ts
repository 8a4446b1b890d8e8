/** Which runs a reader wants to see. */

import type { RunRecord } from './record.js';

/** What is looked at of a run. */
interface Run {
  readonly record: RunRecord;
}

/** Empty means: any. */
export interface Wish {
  readonly text: string;
  readonly status: RunRecord['status'] | '';
  readonly model: string;
}

export const ANY: Wish = { text: '', status: '', model: '' };

/** Returns the runs that fit, in their order. Every word of the text must be found somewhere in the run. */
export function fitting<R extends Run>(runs: readonly R[], { text, status, model }: Wish): R[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter(
    ({ record }) =>
      (status === '' || record.status === status) &&
      (model === '' || record.models.target === model || record.models.steerer === model) &&
      (words.length === 0 || containsAll(searched(record), words))
  );
}

/** The models that took part in the runs, in alphabetical order. */
export function modelsOf(runs: readonly Run[]): string[] {
  const names = runs.flatMap(({ record: { models } }) => [models.target, models.steerer]);
  return [...new Set(names)].filter(Boolean).sort();
}

const containsAll = (text: string, words: readonly string[]): boolean => words.every(word => text.includes(word));

// A finished record does not change, and two hundred of them are searched at every key.
const texts = new WeakMap<RunRecord['rounds'], string>();

function searched({ id, question, models, answer, rounds }: RunRecord): string {
  let text = texts.get(rounds);
  if (text === undefined) {
    const said = rounds.flatMap(round => [round.answer.text, round.decision.guidance, round.execution?.stdout]);
    const parts = [id, question.prompt, models.target, models.steerer, answer?.text, answer?.code, ...said];
    text = parts.filter(Boolean).join('\n').toLowerCase();
    texts.set(rounds, text);
  }
  return text;
}
