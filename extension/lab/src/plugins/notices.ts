/** Tells of runs that end while their reader is elsewhere. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { line } from '@codesteer/view/parts/text.js';
import { STATUS } from '@codesteer/view/parts/words.js';

import { CommandIDs } from '../commandIds.js';
import { IPreferences } from '../preferences.js';
import { IRunIndex } from '../tokens.js';
import { languageOf, wordsOf } from '../words.js';

export const notices: JupyterFrontEndPlugin<void> = {
  id: '@codesteer/lab:notices',
  description: 'Shows a notice when a CodeSteer run ends while its notebook is not in sight.',
  autoStart: true,
  requires: [IRunIndex, IPreferences],
  optional: [ITranslator],
  activate: (
    { commands }: JupyterFrontEnd,
    index: IRunIndex,
    settings: IPreferences,
    translator: ITranslator | null
  ) => {
    const words = wordsOf(translator);
    const language = languageOf(words);
    index.ended.connect((_, { key, record, panel }) => {
      const isInSight = panel.isVisible && document.visibilityState === 'visible';
      if (isInSight || !settings.notify) {
        return;
      }
      const name = language.say(STATUS[record.status].words);
      const code = record.error ? ` [${line(record.error.code, 60)}]` : '';
      const question = line(record.question.prompt, 80);
      Notification.emit(`CodeSteer: ${name}${code}. ${question}`, record.status === 'failed' ? 'error' : 'info', {
        autoClose: 8000,
        actions: [
          {
            label: words.__('Show'),
            callback: () => {
              commands.execute(CommandIDs.goTo, { run: key }).catch(console.error);
            }
          }
        ]
      });
    });
  }
};
