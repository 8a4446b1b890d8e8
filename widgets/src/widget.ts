/** The anywidget module: one view per place where the widget is shown, all of one model. */

import type { AnyModel, RenderProps } from '@anywidget/types';

import { createRunView } from './view.js';

interface RunModel {
  record: object;
  tail: object;
  stop_requested: boolean;
  seen: boolean;
}

function render({ model, el }: RenderProps<RunModel>): () => void {
  const view = createRunView(el, {
    host: 'widget',
    actions: {
      stop: () => {
        tell(model, 'stop_requested');
      }
    }
  });
  const draw = (): void => {
    const record = model.get('record');
    // Empty until the kernel shows the first record.
    if (Object.keys(record).length > 0) {
      view.update(record, model.get('tail'));
    }
  };
  model.on('change:record', draw);
  model.on('change:tail', draw);
  draw();
  // The kernel learns that somebody can draw widgets, and need not fall back to plain rounds.
  tell(model, 'seen');
  return () => {
    model.off('change:record', draw);
    model.off('change:tail', draw);
    view.dispose();
  };
}

function tell(model: AnyModel<RunModel>, fact: 'stop_requested' | 'seen'): void {
  model.set(fact, true);
  model.save_changes();
}

export default { render };
