/** The anywidget module: one view per place where the widget is shown, all of one model. */

import type { RenderProps } from '@anywidget/types';

import type { Ratings, RunActions } from './options.js';
import { createRunView } from './view.js';

interface RunModel {
  record: object;
  tail: object;
  seen: boolean;
  /** Names of what the Python side has somebody listening for. */
  actions: string[];
  selected: number;
  stop_requested: boolean;
  ratings: Ratings;
}

function render({ model, el }: RenderProps<RunModel>): () => void {
  // Messages of their own: changes of state wait until the kernel has dealt with the one before, and a kernel that is
  // busy with a cell never reports that it has.
  const all: Omit<Required<RunActions>, 'copy' | 'open'> = {
    stop: () => {
      model.send({ event: 'stop' });
    },
    insertCode: code => {
      model.send({ event: 'insert', code });
    },
    feedback: text => {
      model.send({ event: 'feedback', text });
    },
    rerun: () => {
      model.send({ event: 'rerun' });
    },
    rate: (round, rating) => {
      model.send({ event: 'rate', round, rating });
    }
  };
  const served = (): RunActions => {
    const names = model.get('actions');
    return Object.fromEntries(
      Object.entries(all).filter(([name]) => names.includes(name === 'insertCode' ? 'insert' : name))
    );
  };
  const view = createRunView(el, {
    host: 'widget',
    actions: served(),
    onSelect: round => {
      model.set('selected', round);
      model.save_changes();
    }
  });
  const draw = (): void => {
    const record = model.get('record');
    // Empty until the kernel shows the first record.
    if (Object.keys(record).length > 0) {
      view.update(record, model.get('tail'));
    }
  };
  const serve = (): void => {
    view.serve(served());
  };
  const rate = (): void => {
    view.rated(model.get('ratings'));
  };
  const stop = (): void => {
    if (model.get('stop_requested')) {
      view.stopping();
    }
  };
  const select = (): void => {
    view.select(model.get('selected'));
  };
  const listeners = [
    ['change:record', draw],
    ['change:tail', draw],
    ['change:actions', serve],
    ['change:ratings', rate],
    ['change:selected', select],
    ['change:stop_requested', stop]
  ] as const;
  for (const [event, listener] of listeners) {
    model.on(event, listener);
  }
  draw();
  rate();
  select();
  stop();
  // The kernel learns that somebody can draw widgets, and need not fall back to plain rounds.
  model.set('seen', true);
  model.save_changes();
  return () => {
    for (const [event, listener] of listeners) {
      model.off(event, listener);
    }
    view.dispose();
  };
}

export default { render };
