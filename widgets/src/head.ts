/** The top of the view: how the run stands, for how long, and Stop. And below it what was asked. */

import { button } from './buttons.js';
import { el, heading, icon, Keyed, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';
import type { InputSummary, RunRecord } from './record.js';
import { line, seconds, visible, wholeSeconds } from './text.js';
import { ofProgress, STATUS } from './words.js';

/** A stop that took this long is probably stuck behind a busy kernel. */
const PATIENCE_MS = 6_000;

/** Draws the status line. */
export class Head implements Part<RunRecord> {
  readonly node: HTMLElement;
  private readonly picture = icon('dot');
  private readonly status = el('span');
  private readonly progress = el('span', { class: 'cs-progress', role: 'status' });
  private readonly time = el('span', 'cs-time');
  private readonly stop: HTMLButtonElement;
  private readonly stopLabel: HTMLElement;
  private readonly hint = el('p', { class: 'cs-hint', role: 'status' });
  private patience: ReturnType<typeof setTimeout> | undefined;
  private record: RunRecord | undefined;

  constructor(private readonly around: Surroundings) {
    this.stop = button(
      'stop',
      'Stop',
      () => {
        this.stopNow();
      },
      'cs-button cs-stop'
    );
    this.stopLabel = this.stop.querySelector('span') ?? this.stop;
    this.hint.hidden = true;
    this.node = el(
      'header',
      'cs-head',
      el('span', 'cs-badge cs-status', this.picture, this.status),
      ...[this.progress, this.time, this.stop, this.hint]
    );
  }

  update(record: RunRecord): void {
    this.record = record;
    const { tone, icon: name, words } = STATUS[record.status];
    setAttribute(this.node, 'data-tone', tone);
    setIcon(this.picture, name);
    setText(this.status, words);
    setText(this.progress, line(ofProgress(record), 160));
    const isLive = record.status === 'running' || record.status === 'queued';
    setShown(this.stop, isLive && this.around.actions.stop !== undefined);
    if (!isLive) {
      this.rest();
    }
    this.tick();
  }

  /** Brings the clock up to date. */
  tick(): void {
    if (this.record) {
      const { status, timing } = this.record;
      const isLive = status === 'running';
      setText(
        this.time,
        isLive ? wholeSeconds(this.around.elapsed()) : timing.seconds > 0 ? seconds(timing.seconds) : ''
      );
    }
  }

  dispose(): void {
    clearTimeout(this.patience);
  }

  private stopNow(): void {
    // Not `disabled`, which would throw the reader's focus back to the top of the page.
    if (this.stop.getAttribute('aria-disabled') === 'true') {
      return;
    }
    setAttribute(this.stop, 'aria-disabled', 'true');
    setText(this.stopLabel, 'Stopping…');
    this.patience = setTimeout(() => {
      setText(this.hint, 'Still stopping. If nothing happens, interrupt the kernel: that always works.');
      setShown(this.hint, true);
    }, PATIENCE_MS);
    Promise.resolve()
      .then(() => this.around.actions.stop?.())
      .catch(() => {
        this.rest();
        setText(this.hint, 'The run could not be reached. Interrupt the kernel instead.');
        setShown(this.hint, true);
      });
  }

  private rest(): void {
    clearTimeout(this.patience);
    setAttribute(this.stop, 'aria-disabled', null);
    setText(this.stopLabel, 'Stop');
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
  private readonly inputList = el('ul', { class: 'cs-inputs', 'aria-label': 'Inputs' });

  constructor() {
    this.more = button(
      'chevron',
      'Show all',
      () => {
        const isOpen = this.more.getAttribute('aria-expanded') !== 'true';
        this.more.setAttribute('aria-expanded', String(isOpen));
        setText(this.moreLabel, isOpen ? 'Show less' : 'Show all');
      },
      'cs-button cs-small cs-more'
    );
    this.moreLabel = this.more.querySelector('span') ?? this.more;
    this.more.setAttribute('aria-expanded', 'false');
    this.inputs = new Keyed(
      this.inputList,
      input => input.name,
      () => new InputPart()
    );
    this.node = el('div', 'cs-question', heading(3, 'cs-hidden', 'Question'), this.more, this.text, this.inputList);
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
