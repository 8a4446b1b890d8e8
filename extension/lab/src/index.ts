/** CodeSteer in JupyterLab: small plugins that share tokens, see `tokens.ts`. */

import { commandsPlugin } from './plugins/commands.js';
import { documents } from './plugins/documents.js';
import { notices } from './plugins/notices.js';
import { panel } from './plugins/panel.js';
import { preferences } from './plugins/preferences.js';
import { renderer } from './plugins/renderer.js';
import { runs } from './plugins/runs.js';
import { status } from './plugins/status.js';

export { IPreferences } from './preferences.js';
export { IRunIndex, IRunsPanel, type Run } from './tokens.js';

export default [renderer, documents, preferences, runs, panel, commandsPlugin, status, notices];
