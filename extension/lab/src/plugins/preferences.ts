/** Provides the settings. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { IPreferences, Preferences } from '../preferences.js';

const ID = '@codesteer/lab:preferences';

export const preferences: JupyterFrontEndPlugin<IPreferences> = {
  id: ID,
  description: 'Provides the settings of CodeSteer.',
  autoStart: true,
  provides: IPreferences,
  optional: [ISettingRegistry],
  activate: (_app: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const found = new Preferences();
    registry?.load(ID).then(settings => {
      found.follow(settings);
    }, console.error);
    return found;
  }
};
