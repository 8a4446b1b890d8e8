/** The reader's language, as JupyterLab's translator and the shared view speak it. */

import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Language } from '@codesteer/view/parts/language.js';
import type { Translate } from '@codesteer/view';

/** What is asked of a translation. */
export type Words = Pick<TranslationBundle, '__' | '_n'>;

const filled = (text: string, values: readonly (string | number)[]): string =>
  text.replace(/%(\d+)/g, (_, place: string) => String(values[Number(place) - 1] ?? ''));

/** English, where JupyterLab has no translator. */
export const ENGLISH: Words = {
  __: (text, ...values: (string | number)[]) => filled(text, values),
  _n: (one, several, count, ...values: (string | number)[]) => filled(count === 1 ? one : several, [count, ...values])
};

/** The words of this extension. */
export function wordsOf(translator: ITranslator | null): Words {
  return translator?.load('codesteer') ?? ENGLISH;
}

/** The same words, as the shared view asks for them. */
export function translateBy(words: Words): Translate {
  return (one, several, count = 1) => (several === undefined ? words.__(one) : words._n(one, several, count));
}

/** The shared view's own vocabulary in the reader's language. */
export function languageOf(words: Words): Language {
  return new Language(translateBy(words));
}
