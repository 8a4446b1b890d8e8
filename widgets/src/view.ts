/** The run view: a record in, DOM out, changed in place as the record grows. */

import { AgainPart } from './again.js';
import { showServed } from './buttons.js';
import { CostPart } from './cost.js';
import { el, Keyed, type Part, setAttribute, setShown, setText } from './dom.js';
import { FinalPart } from './final.js';
import { Find } from './find.js';
import { Head, QuestionPart } from './head.js';
import { Language } from './language.js';
import { pageTypesetter } from './math.js';
import type { OpenRounds, Ratings, RunActions, RunViewOptions, Surroundings, Tail } from './options.js';
import { isUnreadable, readRecord, type Unreadable } from './read.js';
import type { Round, RunRecord } from './record.js';
import { RoundPart, type RoundState } from './round.js';
import { Strip } from './strip.js';
import { line } from './text.js';
import { isLive, SOURCE } from './words.js';

const TICK_MS = 500;
/** Of more rounds than this, the folded ones are drawn when the page has nothing else to do. */
const MANY_ROUNDS = 8;

/** A view of one run. */
export interface RunView {
  /**
   * Draws `record`, whatever it is; what cannot be read gets a message, never an exception. The first call draws at
   * once, later ones at the next animation frame, and only the newest of several within a frame.
   *
   * @param record - not to be changed afterwards: the same object is not read twice.
   * @param tail - answer text that streamed in after the record; ignored when it belongs to another one.
   */
  update(record: unknown, tail?: unknown): void;
  /** Changes what the host can do: buttons come and go. */
  serve(actions: RunActions): void;
  /** Shows what is known to be thought of the rounds. */
  rated(ratings: Ratings): void;
  /** Shows that the end of the run has been asked for, by whatever way. */
  stopping(): void;
  /** Says which rounds stand open, other than those that the reader opened or closed; the newest one at first. */
  openRounds(which: OpenRounds): void;
  /** Opens a round, as if the reader had chosen it, but leaves the focus where it is. */
  select(round: number): void;
  /** Empties the host and ends all timers. */
  dispose(): void;
}

/** Creates a view inside `host`, which it fills and owns until disposed. */
export function createRunView(host: HTMLElement, options: RunViewOptions = {}): RunView {
  return new View(host, options);
}

class View implements RunView, Surroundings {
  actions: RunActions;
  readonly language: Language;
  readonly typeset: Surroundings['typeset'];
  readonly chart: Surroundings['chart'];
  private readonly root: HTMLElement;
  private readonly fault: FaultPart;
  private readonly head: Head;
  private readonly question: QuestionPart;
  private readonly final: FinalPart;
  private readonly strip: Strip;
  private readonly rounds: Keyed<RoundState>;
  private readonly find: Find;
  private readonly why = el('p', 'cs-why');
  private readonly again: AgainPart;
  private readonly cost: CostPart;
  private readonly whole: HTMLElement;
  private readonly onSelect: (round: number) => void;
  private pending: { record: unknown; tail: unknown } | undefined;
  private frame: number | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private record: RunRecord | undefined;
  private raw: unknown;
  private read: RunRecord | undefined;
  private idle: ReturnType<typeof setTimeout> | undefined;
  private received = 0;
  private selected = 0;
  private ratings: Ratings = {};
  private standing: OpenRounds = 'newest';

  constructor(host: HTMLElement, options: RunViewOptions) {
    // The pieces ask for all of these when they are made.
    this.actions = options.actions ?? {};
    this.language = new Language(options.translate, options.locale);
    this.typeset = options.typeset ?? pageTypesetter();
    this.chart = options.chart;
    this.onSelect = options.onSelect ?? (() => undefined);
    this.fault = new FaultPart(this);
    this.head = new Head(
      this,
      () => {
        this.foldAll();
      },
      () => {
        while (this.finishOne());
        this.find.open();
      }
    );
    this.question = new QuestionPart(this);
    this.final = new FinalPart(this);
    this.strip = new Strip(this, index => {
      this.choose(index);
      this.partOf(index)?.reveal();
    });
    this.rounds = new Keyed(
      el('div', 'cs-rounds'),
      state => String(state.round.index),
      ({ round }) =>
        new RoundPart(this, isOpen => {
          if (isOpen) {
            this.choose(round.index);
          }
        })
    );
    // Folding is announced later than it happens, and does not bubble.
    this.rounds.parent.addEventListener(
      'toggle',
      () => {
        this.head.offerFold(this.areOpen());
      },
      true
    );
    this.again = new AgainPart(this);
    this.cost = new CostPart(this);
    const body = [this.question, this.final, this.strip].map(part => part.node);
    const content = el('div', 'cs-content', ...body, this.rounds.parent, this.why, this.again.node, this.cost.node);
    this.find = new Find(
      this,
      content,
      node => {
        this.unfold(node);
      },
      () => {
        this.head.focusFind();
      }
    );
    this.whole = el('div', 'cs-whole', this.head.node, this.find.node, content);
    this.whole.hidden = true;
    const kind = options.host ?? 'page';
    this.root = el('section', { class: 'cs-run', 'data-host': kind }, this.fault.node, this.whole);
    host.classList.add('cs-host');
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

  serve(actions: RunActions): void {
    this.actions = actions;
    showServed(this.root, actions);
    this.redraw();
  }

  rated(ratings: Ratings): void {
    this.ratings = ratings;
    this.redraw();
  }

  stopping(): void {
    this.head.stopping();
  }

  openRounds(which: OpenRounds): void {
    this.standing = which;
    this.redraw();
  }

  select(round: number): void {
    if (round !== this.selected) {
      this.selected = round;
      this.partOf(round)?.setOpen(true);
      this.redraw();
    }
  }

  dispose(): void {
    if (this.frame !== undefined) {
      cancelAnimationFrame(this.frame);
    }
    clearInterval(this.ticker);
    clearTimeout(this.idle);
    this.head.dispose();
    this.find.dispose();
    this.root.parentElement?.classList.remove('cs-host');
    this.root.remove();
  }

  readonly elapsed = (): number => {
    const { record } = this;
    if (!record) {
      return 0;
    }
    // The record's own clock plus what passed here since it came: the kernel's clock may differ from the browser's.
    return record.timing.seconds + (record.status === 'running' ? (performance.now() - this.received) / 1000 : 0);
  };

  private draw(): void {
    this.frame = undefined;
    const { pending } = this;
    this.pending = undefined;
    if (!pending) {
      return;
    }
    const record = this.readOnce(pending.record);
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
    this.redraw();
    this.keepTime(record.status === 'running');
    this.find.refresh();
  }

  /** Reads a record; one and the same is not read again for each piece of text that follows it. */
  private readOnce(raw: unknown): RunRecord | Unreadable {
    if (this.read && raw === this.raw) {
      return this.read;
    }
    const record = readRecord(raw);
    this.raw = raw;
    this.read = isUnreadable(record) ? undefined : record;
    return record;
  }

  private redraw(): void {
    const { record } = this;
    if (!record) {
      return;
    }
    const label = this.language.say('run', { question: line(record.question.prompt, 60) });
    setAttribute(this.root, 'data-status', record.status);
    setAttribute(this.root, 'aria-label', label);
    this.head.update(record);
    this.question.update(record.question);
    this.final.update(record);
    const states = this.states(record);
    this.strip.update(states);
    setShown(this.strip.node, states.length > 0);
    this.rounds.update(states);
    this.head.offerFold(this.areOpen());
    this.finishSoon();
    const why = this.whyEnded(record);
    setText(this.why, why);
    setShown(this.why, why !== '');
    this.again.update(record);
    this.cost.update(record);
  }

  private states(record: RunRecord): RoundState[] {
    let before: Round | null = null;
    return record.rounds.map(round => {
      const state = {
        round,
        live: isLive(record),
        open: this.stands(round, record),
        selected: round.index === this.selected,
        later: record.rounds.length > MANY_ROUNDS,
        rating: this.ratings[round.index] ?? null,
        before
      };
      before = round.answer.code ? round : before;
      return state;
    });
  }

  /** Whether a round is open as long as the reader has not touched it. */
  private stands(round: Round, { rounds, answer }: RunRecord): boolean {
    if (this.standing !== 'newest') {
      return this.standing === 'all';
    }
    // Old rounds fold when a new one starts, and one whose words are the final answer has nothing to add to it.
    return round === rounds.at(-1) && round.answer.text.trim() !== answer?.text.trim();
  }

  /** Why the steerer ended the run, in a sentence. */
  private whyEnded({ support }: RunRecord): string {
    const decision = support?.decision;
    if (!decision) {
      return '';
    }
    const { language } = this;
    const values = { decision: language.say(decision.kind).toLowerCase(), how: language.say(SOURCE[decision.source]) };
    return language.say('whyEnded', { ...values, reason: line(decision.reason, 300) }).trim();
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

  /** Draws one folded round after another, each in a task of its own. */
  private finishSoon(): void {
    if ((this.record?.rounds.length ?? 0) > MANY_ROUNDS) {
      this.idle ??= setTimeout(() => {
        this.idle = undefined;
        if (this.finishOne()) {
          this.finishSoon();
        }
      });
    }
  }

  private finishOne(): boolean {
    return ([...this.rounds.values()] as RoundPart[]).some(part => part.finish());
  }

  private partOf(index: number): RoundPart | undefined {
    return [...this.rounds.values()].find(part => part.node.dataset.round === String(index)) as RoundPart | undefined;
  }

  private choose(index: number): void {
    if (index !== this.selected) {
      this.selected = index;
      this.redraw();
      this.onSelect(index);
    }
  }

  private areOpen(): boolean {
    const parts = [...this.rounds.values()] as RoundPart[];
    return parts.length > 0 && parts.every(part => part.node.open);
  }

  private foldAll(): void {
    const isOpen = !this.areOpen();
    for (const part of this.rounds.values()) {
      (part as RoundPart).setOpen(isOpen);
    }
    this.head.offerFold(isOpen);
  }

  /** Opens everything that `node` is folded away in. */
  private unfold(node: Element): void {
    for (let fold = node.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null) {
      const round = fold.dataset.round;
      if (round === undefined) {
        fold.open = true;
      } else {
        this.partOf(Number(round))?.setOpen(true);
      }
    }
    if (this.question.node.contains(node)) {
      this.question.showAll();
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

/** A record that cannot be drawn. */
class FaultPart implements Part<Unreadable> {
  readonly node: HTMLElement;
  private readonly problem = el('p', 'cs-ending-words');
  private readonly cure = el('p', 'cs-ending-cure');

  constructor(private readonly around: Surroundings) {
    this.node = el('div', { class: 'cs-ending cs-fault', 'data-tone': 'warn' }, el('div', {}, this.problem, this.cure));
    this.node.hidden = true;
  }

  update({ problem, cure, version }: Unreadable): void {
    setText(this.problem, this.around.language.say(problem, { version }));
    setText(this.cure, this.around.language.say(cure));
  }
}
