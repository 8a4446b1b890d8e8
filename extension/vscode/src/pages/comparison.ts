/** The page of two runs side by side. */

import { readRecord, type RunRecord } from '@codesteer/view';
import { compared } from '@codesteer/view/parts/compare.js';
import { Language } from '@codesteer/view/parts/language.js';

import { listen, place } from './vscode.js';

const language = new Language();

listen(message => {
  if (message.type === 'runs') {
    const [first, second] = [message.first, message.second].map(record => ({
      record: readRecord(record) as RunRecord,
      received: performance.now(),
      isStopping: false
    }));
    if (first && second) {
      const table = compared(first, second, language);
      table.dataset.host = 'vscode';
      place().replaceChildren(table);
    }
  }
});
