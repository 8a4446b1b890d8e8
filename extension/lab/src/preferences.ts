/** The settings of this extension, always as they are now. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Token } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

/** What a reader can set. */
export interface IPreferences {
  readonly side: 'left' | 'right';
  readonly allNotebooks: boolean;
  readonly statusBar: boolean;
  readonly notify: boolean;
  readonly changed: ISignal<IPreferences, void>;
}

export const IPreferences = new Token<IPreferences>('@codesteer/lab:IPreferences', 'The settings of CodeSteer.');

/** Follows the setting registry; the defaults where there is none. */
export class Preferences implements IPreferences {
  private settings: ISettingRegistry.ISettings | null = null;
  private readonly changes = new Signal<this, void>(this);

  get changed(): ISignal<this, void> {
    return this.changes;
  }

  get side(): 'left' | 'right' {
    return this.value('side') === 'right' ? 'right' : 'left';
  }

  get allNotebooks(): boolean {
    return this.value('allNotebooks') === true;
  }

  get statusBar(): boolean {
    return this.value('statusBar') !== false;
  }

  get notify(): boolean {
    return this.value('notify') !== false;
  }

  follow(settings: ISettingRegistry.ISettings): void {
    this.settings = settings;
    settings.changed.connect(() => {
      this.changes.emit();
    });
    this.changes.emit();
  }

  private value(name: string): unknown {
    return this.settings?.composite[name];
  }
}
