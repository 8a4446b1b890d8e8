/** The top of the view: how the run stands, for how long, and Stop. And below it what was asked. */

import { button, iconButton, needs, relabel } from './buttons.js';
import { el, heading, icon, Keyed, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';
import type { InputSummary, RunRecord } from './record.js';
import { line, visible } from './text.js';
import { isLive, ofProgress, STATUS } from './words.js';

/** A stop that took this long is probably stuck behind a busy kernel. */
const PATIENCE_MS = 6_000;

/** Draws the status line. */
export class Head implements Part<RunRecord> {
  readonly node: HTMLElement;
  private readonly picture = icon('dot');
  private readonly status = el('span');
  private readonly progress = el('span', { class: 'cs-progress', role: 'status' });
  private readonly time = el('span', 'cs-time');
  private readonly fold: HTMLButtonElement;
  private readonly foldPicture: SVGElement;
  private readonly find: HTMLButtonElement;
  private readonly open: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly stopPlace: HTMLElement;
  private readonly stopLabel: HTMLElement;
  private readonly hint = el('p', { class: 'cs-hint', role: 'status' });
  private patience: ReturnType<typeof setTimeout> | undefined;
  private record: RunRecord | undefined;

  /**
   * @param fold - called when the reader wants all rounds opened, or closed.
   * @param find - called when the reader wants to find something.
   */
  constructor(
    private readonly around: Surroundings,
    fold: () => void,
    find: () => void
  ) {
    const { language } = around;
    this.find = iconButton('find', language.say('find'), find);
    this.fold = iconButton('unfold', language.say('openAll'), fold);
    this.foldPicture = this.fold.firstElementChild as SVGElement;
    this.stop = button(
      'stop',
      language.say('stop'),
      () => {
        this.stopNow();
      },
      'cs-button cs-stop'
    );
    this.stopLabel = this.stop.lastElementChild as HTMLElement;
    this.stopPlace = el('span', 'cs-stop-place', needs(this.stop, 'stop', around));
    this.open = needs(
      iconButton('open', language.say('openRun'), () => {
        this.openNow();
      }),
      'open',
      around
    );
    this.hint.hidden = true;
    this.node = el(
      'header',
      'cs-head',
      el('span', 'cs-badge cs-status', this.picture, this.status),
      ...[this.progress, this.time, this.find, this.fold, this.open, this.stopPlace, this.hint]
    );
  }

  update(record: RunRecord): void {
    if (!isLive(record) || record.id !== this.record?.id) {
      this.rest();
    }
    this.record = record;
    const { tone, icon: name, words } = STATUS[record.status];
    setAttribute(this.node, 'data-tone', tone);
    setIcon(this.picture, name);
    const { language } = this.around;
    setText(this.status, language.say(words));
    setText(this.progress, line(ofProgress(record, language), 160));
    setShown(this.find, record.rounds.length > 0);
    setShown(this.fold, record.rounds.length > 0);
    setShown(this.stopPlace, isLive(record));
    this.tick();
  }

  /** Says what the button for all rounds would do. */
  offerFold(areOpen: boolean): void {
    setIcon(this.foldPicture, areOpen ? 'fold' : 'unfold');
    relabel(this.fold, this.around.language.say(areOpen ? 'closeAll' : 'openAll'));
  }

  /** Puts the focus where finding began. */
  focusFind(): void {
    this.find.focus();
  }

  /** Brings the clock up to date. */
  tick(): void {
    if (this.record) {
      const { status, timing } = this.record;
      const { language } = this.around;
      const whole = timing.seconds > 0 ? language.seconds(timing.seconds) : '';
      setText(this.time, status === 'running' ? language.wholeSeconds(this.around.elapsed()) : whole);
    }
  }

  dispose(): void {
    clearTimeout(this.patience);
  }

  /** Says that the end of the run has been asked for. */
  stopping(): void {
    if (!this.isStopping && this.record && isLive(this.record)) {
      // Not `disabled`, which would throw the reader's focus back to the top of the page.
      setAttribute(this.stop, 'aria-disabled', 'true');
      setText(this.stopLabel, this.around.language.say('stopping'));
      this.patience = setTimeout(() => {
        setText(this.hint, this.around.language.say('stillStopping'));
        setShown(this.hint, true);
      }, PATIENCE_MS);
    }
  }

  private get isStopping(): boolean {
    return this.stop.getAttribute('aria-disabled') === 'true';
  }

  private openNow(): void {
    Promise.resolve()
      .then(() => this.around.actions.open?.())
      .catch(() => {
        setText(this.hint, this.around.language.say('notOpened'));
        setShown(this.hint, true);
      });
  }

  private stopNow(): void {
    if (this.isStopping) {
      return;
    }
    this.stopping();
    Promise.resolve()
      .then(() => this.around.actions.stop?.())
      .catch(() => {
        this.rest();
        setText(this.hint, this.around.language.say('notReached'));
        setShown(this.hint, true);
      });
  }

  private rest(): void {
    clearTimeout(this.patience);
    setAttribute(this.stop, 'aria-disabled', null);
    setText(this.stopLabel, this.around.language.say('stop'));
    setShown(this.hint, false);
  }
}

/** A question longer than this is folded to its beginning. */
const LONG_QUESTION = 320;
const MANY_LINES = 5;

/** Draws the question and what was given with it. */
export class QuestionPart implements Part<RunRecord['question']> {
  readonly node: HTMLElement;
  private readonly text = el('p', { class: 'cs-question-text', dir: 'auto' });
  private readonly more: HTMLButtonElement;
  private readonly moreLabel: HTMLElement;
  private readonly inputs: Keyed<InputSummary>;
  private readonly inputList: HTMLElement;

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    this.inputList = el('ul', { class: 'cs-inputs', 'aria-label': language.say('inputs') });
    this.more = button(
      'chevron',
      language.say('showAll'),
      () => {
        this.expand(this.more.getAttribute('aria-expanded') !== 'true');
      },
      'cs-button cs-small cs-more'
    );
    this.moreLabel = this.more.lastElementChild as HTMLElement;
    this.more.setAttribute('aria-expanded', 'false');
    this.inputs = new Keyed(
      this.inputList,
      input => input.name,
      () => new InputPart()
    );
    this.node = el(
      'div',
      'cs-question',
      heading(3, 'cs-hidden', language.say('question')),
      this.more,
      this.text,
      this.inputList
    );
  }

  update({ prompt, inputs }: RunRecord['question']): void {
    const text = visible(prompt, 20_000).trim();
    const isLong = text.length > LONG_QUESTION || text.split('\n').length > MANY_LINES;
    setText(this.text, text);
    setAttribute(this.node, 'data-long', isLong ? 'true' : null);
    setShown(this.more, isLong);
    this.inputs.update(inputs);
    setShown(this.inputList, inputs.length > 0);
    setShown(this.node, text !== '' || inputs.length > 0);
  }

  /** Shows a long question whole. */
  showAll(): void {
    this.expand(true);
  }

  private expand(isOpen: boolean): void {
    setAttribute(this.more, 'aria-expanded', String(isOpen));
    setText(this.moreLabel, this.around.language.say(isOpen ? 'showLess' : 'showAll'));
  }
}

class InputPart implements Part<InputSummary> {
  readonly node = el('li', 'cs-input');
  private readonly name = el('code');
  private readonly words = el('span', 'cs-muted');

  constructor() {
    this.node.append(this.name, this.words);
  }

  update({ name, type, shape, summary }: InputSummary): void {
    setText(this.name, line(name, 40));
    setText(this.words, [line(type, 60), line(shape, 40)].filter(Boolean).join(' '));
    setAttribute(this.node, 'title', line(summary, 400) || null);
  }
}
