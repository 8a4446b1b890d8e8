/** The anywidget module: one view per place where the widget is shown, all of one model. */

import type { RenderProps } from '@anywidget/types';

import { createRunView } from './view.js';

interface RunModel {
  record: object;
  tail: object;
  seen: boolean;
}

function render({ model, el }: RenderProps<RunModel>): () => void {
  const view = createRunView(el, {
    host: 'widget',
    actions: {
      // A message of its own: changes of state wait until the kernel has dealt with the one before, and a kernel that
      // is busy with a cell never reports that it has.
      stop: () => {
        model.send({ event: 'stop' });
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
  model.set('seen', true);
  model.save_changes();
  return () => {
    model.off('change:record', draw);
    model.off('change:tail', draw);
    view.dispose();
  };
}

export default { render };
