/** What a run can lead to: another one that goes on with the reader's words, or the same again. */

import { button } from './buttons.js';
import { el, heading, type Part, setAttribute, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';
import type { RunRecord } from './record.js';
import { isLive } from './words.js';

/** Draws the form below a run that has ended, as far as the host can serve it. */
export class AgainPart implements Part<RunRecord> {
  readonly node: HTMLElement;
  private readonly field: HTMLTextAreaElement;
  private readonly feedback: HTMLElement;
  private readonly rerun: HTMLElement;
  private readonly told = el('p', { class: 'cs-hint', role: 'status' });
  private isBusy = false;

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    const label = language.say('feedback');
    this.field = el('textarea', { class: 'cs-field', rows: '1', 'aria-label': label, placeholder: label, dir: 'auto' });
    const go = button('forward', language.say('continue'), () => {
      this.send();
    });
    this.field.addEventListener('keydown', event => {
      // Lines may be broken with the plain key; the notebook's own way to run is the way to send.
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.shiftKey)) {
        event.preventDefault();
        event.stopPropagation();
        this.send();
      }
    });
    this.feedback = el('div', 'cs-feedback', this.field, go);
    this.rerun = button('again', language.say('rerun'), () => {
      this.start(() => this.around.actions.rerun?.());
    });
    this.node = el(
      'div',
      { class: 'cs-again', role: 'group', 'aria-label': language.say('again') },
      heading(3, 'cs-hidden', language.say('again')),
      ...[this.feedback, this.rerun, this.told]
    );
    this.told.hidden = true;
  }

  update(record: RunRecord): void {
    const { feedback, rerun } = this.around.actions;
    // Without a round there is nothing to go on from.
    const canFeed = feedback !== undefined && record.rounds.length > 0;
    setShown(this.feedback, canFeed);
    setShown(this.rerun, rerun !== undefined);
    setShown(this.node, !isLive(record) && (canFeed || rerun !== undefined));
  }

  private send(): void {
    const text = this.field.value.trim();
    if (text === '') {
      this.field.focus();
      return;
    }
    this.start(async () => {
      await this.around.actions.feedback?.(text);
      this.field.value = '';
    });
  }

  /** Starts a run, and says whether that could be done; a second click meanwhile starts no second one. */
  private start(act: () => void | Promise<void>): void {
    if (this.isBusy) {
      return;
    }
    this.isBusy = true;
    setAttribute(this.node, 'aria-busy', 'true');
    void Promise.resolve()
      .then(act)
      .then(
        () => 'begun' as const,
        () => 'notBegun' as const
      )
      .then(words => {
        this.isBusy = false;
        setAttribute(this.node, 'aria-busy', null);
        setText(this.told, this.around.language.say(words));
        setShown(this.told, true);
      });
  }
}
