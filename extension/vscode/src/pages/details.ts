/** The page of one whole run. */

import { createRunView, type RunActions } from '@codesteer/view';

import type { PageMessage } from '../messages.js';
import { listen, place, post } from './vscode.js';

type Shown = Extract<PageMessage, { type: 'run' }>;

const view = createRunView(place(), { host: 'vscode' });

listen(message => {
  if (message.type === 'run') {
    view.openRounds(message.preferences.rounds);
    view.serve(actionsOf(message));
    view.update(message.record);
  }
});

function actionsOf({ record, possible }: Shown): RunActions {
  const { id } = record as { id?: unknown };
  const runId = typeof id === 'string' ? id : '';
  return {
    copy: text => {
      post({ type: 'copy', text });
    },
    ...(possible.stop
      ? {
          stop: () => {
            post({ type: 'stop', runId });
          }
        }
      : {}),
    ...(possible.insertCode
      ? {
          insertCode: code => {
            post({ type: 'insert-code', runId, code });
          }
        }
      : {}),
    ...(possible.runAgain
      ? {
          rerun: () => {
            post({ type: 'run-again', runId });
          }
        }
      : {}),
    ...(possible.goOn
      ? {
          feedback: words => {
            post({ type: 'continue', runId, words });
          }
        }
      : {})
  };
}
