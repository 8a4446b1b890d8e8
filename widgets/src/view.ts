/** The run view: a record in, DOM out, changed in place as the record grows. */

import { CostPart } from './cost.js';
import { el, Keyed, type Part, setAttribute, setShown, setText } from './dom.js';
import { FinalPart } from './final.js';
import { Head, QuestionPart } from './head.js';
import type { RunActions, RunViewOptions, Surroundings, Tail } from './options.js';
import { isUnreadable, readRecord, type Unreadable } from './read.js';
import type { RunRecord } from './record.js';
import { RoundPart, type RoundState } from './round.js';
import { Strip } from './strip.js';
import { line } from './text.js';
import { KIND, SOURCE } from './words.js';

const TICK_MS = 500;

/** A view of one run. */
export interface RunView {
  /**
   * Draws `record`, whatever it is; what cannot be read gets a message, never an exception. The first call draws at
   * once, later ones at the next animation frame, and only the newest of several within a frame.
   *
   * @param tail - answer text that streamed in after the record; ignored when it belongs to another one.
   */
  update(record: unknown, tail?: unknown): void;
  /** Empties the host and ends all timers. */
  dispose(): void;
}

/** Creates a view inside `host`, which it fills and owns until disposed. */
export function createRunView(host: HTMLElement, options: RunViewOptions = {}): RunView {
  return new View(host, options);
}

class View implements RunView, Surroundings {
  readonly actions: RunActions;
  private readonly root: HTMLElement;
  private readonly fault = new FaultPart();
  private readonly head: Head;
  private readonly question = new QuestionPart();
  private readonly final: FinalPart;
  private readonly strip: Strip;
  private readonly rounds: Keyed<RoundState>;
  private readonly why = el('p', 'cs-why');
  private readonly cost = new CostPart();
  private readonly whole: HTMLElement;
  private pending: { record: unknown; tail: unknown } | undefined;
  private frame: number | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private record: RunRecord | undefined;
  private received = 0;

  constructor(host: HTMLElement, { actions = {}, host: kind = 'page' }: RunViewOptions) {
    // The pieces ask for the actions when they are made.
    this.actions = actions;
    this.head = new Head(this);
    this.final = new FinalPart(this);
    this.strip = new Strip(this, index => {
      this.reveal(index);
    });
    this.rounds = new Keyed(
      el('div', 'cs-rounds'),
      state => String(state.round.index),
      () => new RoundPart(this)
    );
    this.whole = el(
      'div',
      'cs-whole',
      ...[
        this.head.node,
        this.question.node,
        this.final.node,
        this.strip.node,
        this.rounds.parent,
        this.why,
        this.cost.node
      ]
    );
    this.whole.hidden = true;
    this.root = el('section', { class: 'cs-run', 'data-host': kind }, this.fault.node, this.whole);
    host.replaceChildren(this.root);
  }

  update(record: unknown, tail?: unknown): void {
    const isFirst = this.record === undefined;
    this.pending = { record, tail };
    if (isFirst) {
      this.draw();
    } else {
      this.frame ??= requestAnimationFrame(() => {
        this.draw();
      });
    }
  }

  dispose(): void {
    if (this.frame !== undefined) {
      cancelAnimationFrame(this.frame);
    }
    clearInterval(this.ticker);
    this.head.dispose();
    this.root.remove();
  }

  elapsed(): number {
    const { record } = this;
    if (!record) {
      return 0;
    }
    // The record's own clock plus what passed here since it came: the kernel's clock may differ from the browser's.
    return record.timing.seconds + (record.status === 'running' ? (performance.now() - this.received) / 1000 : 0);
  }

  private draw(): void {
    this.frame = undefined;
    const { pending } = this;
    this.pending = undefined;
    if (!pending) {
      return;
    }
    const record = readRecord(pending.record);
    setShown(this.whole, !isUnreadable(record));
    setShown(this.fault.node, isUnreadable(record));
    if (isUnreadable(record)) {
      this.fault.update(record);
      return;
    }
    if (record.seq !== this.record?.seq || record.status !== this.record.status) {
      this.received = performance.now();
    }
    this.record = withTail(record, pending.tail);
    this.drawRecord(this.record);
    this.keepTime(record.status === 'running');
  }

  private drawRecord(record: RunRecord): void {
    const live = record.status === 'running' || record.status === 'queued';
    setAttribute(this.root, 'data-status', record.status);
    setAttribute(this.root, 'aria-label', `CodeSteer run: ${line(record.question.prompt, 60)}`);
    this.head.update(record);
    this.question.update(record.question);
    this.final.update(record);
    const states = record.rounds.map((round, index) => ({
      round,
      live,
      // Old rounds fold when a new one starts, and one whose words are the final answer has nothing to add to it.
      open: index === record.rounds.length - 1 && round.answer.text.trim() !== record.answer?.text.trim()
    }));
    this.strip.update(states);
    setShown(this.strip.node, states.length > 0);
    this.rounds.update(states);
    const why = whyEnded(record);
    setText(this.why, why);
    setShown(this.why, why !== '');
    this.cost.update(record);
  }

  private keepTime(isRunning: boolean): void {
    if (!isRunning) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    } else {
      this.ticker ??= setInterval(() => {
        this.head.tick();
        this.strip.tick();
        for (const part of this.rounds.values()) {
          (part as RoundPart).tick();
        }
      }, TICK_MS);
    }
  }

  private reveal(index: number): void {
    for (const part of this.rounds.values()) {
      if (part.node.dataset.round === String(index)) {
        (part as RoundPart).reveal();
      }
    }
  }
}

/** Adds streamed text to the round it belongs to. */
function withTail(record: RunRecord, tail: unknown): RunRecord {
  if (typeof tail !== 'object' || tail === null) {
    return record;
  }
  const { round, seq, text } = tail as Partial<Tail>;
  if (seq !== record.seq || typeof text !== 'string') {
    return record;
  }
  return {
    ...record,
    rounds: record.rounds.map(one =>
      one.index === round && !one.answer.complete
        ? { ...one, answer: { ...one.answer, text: one.answer.text + text } }
        : one
    )
  };
}

/** Why the steerer ended the run, in a sentence. */
function whyEnded({ support }: RunRecord): string {
  const decision = support?.decision;
  if (!decision) {
    return '';
  }
  const reason = line(decision.reason, 300);
  return `The steerer ended the run: ${KIND[decision.kind].toLowerCase()}, chosen ${SOURCE[decision.source]}${reason ? `. ${reason}` : '.'}`;
}

/** A record that cannot be drawn. */
class FaultPart implements Part<Unreadable> {
  readonly node: HTMLElement;
  private readonly problem = el('p', 'cs-ending-words');
  private readonly cure = el('p', 'cs-ending-cure');

  constructor() {
    this.node = el('div', { class: 'cs-ending cs-fault', 'data-tone': 'warn' }, el('div', {}, this.problem, this.cure));
    this.node.hidden = true;
  }

  update({ problem, cure }: Unreadable): void {
    setText(this.problem, problem);
    setText(this.cure, cure);
  }
}
