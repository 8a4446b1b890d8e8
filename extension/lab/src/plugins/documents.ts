/** Opens saved records, `.codesteer.json` files, as documents. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { type DocumentRegistry, MimeDocumentFactory } from '@jupyterlab/docregistry';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { MIME_TYPE } from '@codesteer/view/parts/record.js';

import { codesteerIcon } from '../icons.js';
import { wordsOf } from '../words.js';

export const documents: JupyterFrontEndPlugin<void> = {
  id: '@codesteer/lab:documents',
  description: 'Opens records of CodeSteer runs that were saved as files.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: ({ docRegistry }: JupyterFrontEnd, rendermime: IRenderMimeRegistry, translator: ITranslator | null) => {
    const words = wordsOf(translator);
    const fileType = docRegistry.getFileType('json');
    docRegistry.addFileType({
      ...fileType,
      name: 'codesteer-run',
      displayName: words.__('CodeSteer run'),
      extensions: ['.codesteer.json'],
      mimeTypes: [MIME_TYPE],
      icon: codesteerIcon
    });
    const factory = new MimeDocumentFactory({
      name: 'CodeSteer',
      label: words.__('CodeSteer run'),
      rendermime,
      // As text: what is no JSON gets the view's own words.
      dataType: 'string',
      primaryFileType: docRegistry.getFileType('codesteer-run'),
      fileTypes: ['codesteer-run'],
      defaultFor: ['codesteer-run']
    });
    // Its declaration lets a property be undefined that the registry's lets be absent.
    docRegistry.addWidgetFactory(factory as DocumentRegistry.WidgetFactory);
  }
};
