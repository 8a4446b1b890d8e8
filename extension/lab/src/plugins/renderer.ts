/** Draws run records in outputs. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { MIME_TYPE } from '@codesteer/view/parts/record.js';

import { findCell } from '../cell.js';
import { RunRenderer } from '../renderer.js';
import { translateBy, wordsOf } from '../words.js';

/** Before the widget view's -10 and HTML's 50, so that a record beside either is drawn by us. */
const RANK = -20;

export const renderer: JupyterFrontEndPlugin<void> = {
  id: '@codesteer/lab:renderer',
  description: 'Draws the record of a CodeSteer run in the cell output.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    const translate = translateBy(wordsOf(translator));
    rendermime.addFactory(
      {
        // The view sanitises everything it draws, so untrusted notebooks may show it too.
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: ({ mimeType, latexTypesetter }) =>
          new RunRenderer({
            mimeType,
            typesetter: latexTypesetter,
            translate,
            findCell: node => (tracker ? findCell(tracker, node) : null),
            chart: (mime, chart) => {
              const model = rendermime.createModel({ data: { [mime]: chart } });
              if (rendermime.preferredMimeType(model.data, 'any') !== mime) {
                return null;
              }
              const drawn = rendermime.createRenderer(mime);
              drawn.renderModel(model).catch(console.error);
              return drawn;
            }
          })
      },
      RANK
    );
  }
};
