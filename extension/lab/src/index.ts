/** CodeSteer in JupyterLab: draws run records in cell outputs. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MIME_TYPE } from '@codesteer/view';

import { findCell } from './cell.js';
import { RunRenderer } from './renderer.js';

/** Before the widget view's -10 and HTML's 50, so that a record beside either is drawn by us. */
const RANK = -20;

const renderer: JupyterFrontEndPlugin<void> = {
  id: '@codesteer/lab:renderer',
  description: 'Draws the record of a CodeSteer run in the cell output.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, tracker: INotebookTracker | null) => {
    rendermime.addFactory(
      {
        // The view sanitises everything it draws, so untrusted notebooks may show it too.
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: ({ mimeType }) => new RunRenderer(mimeType, node => (tracker ? findCell(tracker, node) : null))
      },
      RANK
    );
  }
};

export default [renderer];
