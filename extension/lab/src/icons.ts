/** The extension's icon: a wheel that steers. */

import { LabIcon } from '@jupyterlab/ui-components';

export const codesteerIcon = new LabIcon({
  name: 'codesteer:wheel',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" fill="none" viewBox="0 0 24 24"><g class="jp-icon3 jp-icon-selectable" stroke="#616161" stroke-width="2" stroke-linecap="round"><circle cx="12" cy="12" r="9"/><circle cx="12" cy="12" r="2.4"/><path d="M3.4 10.6h6.3m4.6 0h6.3M12 14.4V21"/></g></svg>`
});
