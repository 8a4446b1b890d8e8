/** One round: what the steerer decided, what the target answered, what its code printed, what the checkers said. */

import { SelfAnswerPart, SymbolicPart } from './checks.js';
import { ChangesPart } from './changes.js';
import { el, heading, icon, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import { Markdown } from './markdown.js';
import type { Rating, Surroundings } from './options.js';
import { ExecutionPart } from './output.js';
import type { Answer, Decision, Round } from './record.js';
import { RatingPart } from './rating.js';
import { line, visible } from './text.js';
import { ofRound, SOURCE } from './words.js';

export interface RoundState {
  readonly round: Round;
  /** True while the run goes on. */
  readonly live: boolean;
  /** Whether the round is open as long as the reader has not said otherwise. */
  readonly open: boolean;
  /** Whether it is the one that the reader opened last. */
  readonly selected: boolean;
  readonly rating: Rating | null;
  /** Whether what is folded away may be drawn when there is time. */
  readonly later: boolean;
  /** The last round before it that has a program. */
  readonly before: Round | null;
}

/** Draws one round as a section that folds. */
export class RoundPart implements Part<RoundState> {
  readonly node = el('details', 'cs-round');
  private readonly picture = icon('dot');
  private readonly title = el('span', 'cs-round-title');
  private readonly kind = el('span', 'cs-kind');
  private readonly result = el('span', 'cs-round-result');
  private readonly outcome = el('span', 'cs-round-outcome');
  private readonly time = el('span', 'cs-time');
  private readonly decision: DecisionPart;
  private readonly rating: RatingPart;
  private readonly answer: Markdown;
  private readonly changes: ChangesPart;
  private readonly answerRow: HTMLElement;
  private readonly execution: ExecutionPart;
  private readonly executionRow: HTMLElement;
  private readonly symbolic: SymbolicPart;
  private readonly selfAnswer: SelfAnswerPart;
  private readonly checksRow: HTMLElement;
  private touched = false;
  private state: RoundState | undefined;
  private drawn: RoundState | undefined;

  /** @param onToggle - called when the reader opened or closed the round. */
  constructor(
    private readonly around: Surroundings,
    onToggle: (isOpen: boolean) => void
  ) {
    const { language } = around;
    this.decision = new DecisionPart(around);
    this.rating = new RatingPart(around);
    this.answer = new Markdown(around);
    this.changes = new ChangesPart(around);
    this.execution = new ExecutionPart(around);
    this.symbolic = new SymbolicPart(around);
    this.selfAnswer = new SelfAnswerPart(around);
    this.answerRow = row(language.say('answer'), this.answer.node, this.changes.node);
    this.executionRow = row(language.say('output'), this.execution.node);
    this.checksRow = row(language.say('checks'), this.symbolic.node, this.selfAnswer.node);
    const steererRow = row(language.say('steerer'), this.decision.node, this.rating.node);
    const summary = el(
      'summary',
      'cs-round-summary',
      ...[icon('chevron'), heading(4, 'cs-round-heading', this.title, this.kind), this.result],
      el('span', 'cs-round-end', el('span', 'cs-badge', this.picture, this.outcome), this.time)
    );
    // Only the reader's own clicks (the keyboard sends them too) make a choice that updates must respect.
    summary.addEventListener('click', () => {
      this.touched = true;
      this.finish();
      onToggle(!this.node.open);
    });
    this.node.append(
      summary,
      el('div', 'cs-round-body', steererRow, this.answerRow, this.executionRow, this.checksRow)
    );
  }

  update(state: RoundState): void {
    this.state = state;
    const { round, live, open } = state;
    const { language } = this.around;
    const { tone, icon: name, words } = ofRound(round, live);
    setAttribute(this.node, 'data-tone', tone);
    setAttribute(this.node, 'data-round', String(round.index));
    if (!this.touched && this.node.open !== open) {
      this.node.open = open;
    }
    setText(this.title, language.say('round', { round: round.index }));
    setText(this.kind, language.say(round.decision.kind));
    setText(this.result, round.result ? line(round.result, 80) : '');
    setIcon(this.picture, name);
    setText(this.outcome, language.say(words));
    this.tick();
    if (this.node.open || this.drawn || !state.later) {
      this.finish();
    }
  }

  /** Draws what is folded away, if that was left for later; tells whether it was. */
  finish(): boolean {
    const { state, drawn } = this;
    if (!state) {
      return false;
    }
    this.rating.update({ round: state.round.index, rating: state.rating, complete: state.round.complete });
    if (drawn?.round === state.round && drawn.live === state.live && drawn.before === state.before) {
      return false;
    }
    this.drawn = state;
    this.drawBody(state);
    return drawn === undefined;
  }

  private drawBody({ round, live, before }: RoundState): void {
    this.decision.update(round.decision);
    const markdown = answerMarkdown(round.answer);
    setShown(this.answerRow, markdown !== '' || (live && !round.complete));
    setAttribute(this.answer.node, 'data-streaming', live && !round.answer.complete ? 'true' : null);
    this.answer.update({ text: markdown, complete: round.answer.complete || !live });
    const after = round.answer.complete ? round.answer.code : null;
    setShown(this.changes.node, Boolean(before?.answer.code && after));
    if (before?.answer.code && after) {
      this.changes.update({ before: before.answer.code, after, round: before.index });
    }
    setShown(this.executionRow, round.execution !== null);
    if (round.execution) {
      this.execution.update(round.execution);
    }
    setShown(this.checksRow, round.symbolic !== null || round.self_answer !== null);
    setShown(this.symbolic.node, round.symbolic !== null);
    if (round.symbolic) {
      this.symbolic.update(round.symbolic);
    }
    setShown(this.selfAnswer.node, round.self_answer !== null);
    if (round.self_answer) {
      this.selfAnswer.update(round.self_answer);
    }
  }

  /** Brings the clock of a running round up to date. */
  tick(): void {
    if (this.state) {
      setText(this.time, roundTime(this.state, this.around));
    }
  }

  /** Opens or closes the round, which stays so. */
  setOpen(isOpen: boolean): void {
    this.touched = true;
    this.finish();
    this.node.open = isOpen;
  }

  /** Opens the round because the reader asked for it. */
  reveal(): void {
    this.setOpen(true);
    const summary = this.node.firstElementChild as HTMLElement;
    summary.focus({ preventScroll: true });
    summary.scrollIntoView({ block: 'nearest' });
  }
}

/** How long a round took, or has been going on. */
export function roundTime({ round, live }: RoundState, { language, elapsed }: Surroundings): string {
  if (!round.complete && live) {
    return language.wholeSeconds(elapsed() - round.timing.began);
  }
  return round.timing.seconds > 0 ? language.seconds(round.timing.seconds) : '';
}

function row(name: string, ...content: Node[]): HTMLElement {
  return el('div', 'cs-row', heading(5, 'cs-row-name', name), el('div', 'cs-row-content', ...content));
}

/**
 * Returns the answer as Markdown in which the program stands once, in a fence: models leave out the opening fence, or
 * the program was found in an answer that has none.
 */
export function answerMarkdown({ text, code }: Answer): string {
  const program = code?.trim();
  if (!code || !program) {
    return text;
  }
  const fence = program.includes('```') ? '~~~~' : '```';
  const fenced = `${fence}python\n${code.replace(/^\n+|\s+$/g, '')}\n${fence}`;
  const at = text.indexOf(program);
  if (at < 0) {
    return text.trim() ? `${text}\n\n${fenced}` : fenced;
  }
  const before = text.slice(0, at);
  const isInside = (before.match(/^ *(?:```|~~~)/gm) ?? []).length % 2 === 1;
  if (isInside) {
    return text;
  }
  const after = text.slice(at + program.length).replace(/^\s*(?:```|~~~)[^\n]*/, '');
  return [before.trimEnd(), fenced, after.trim()].filter(Boolean).join('\n\n');
}

const KINDS: readonly string[] = ['code', 'text', 'refine', 'return', 'terminate'] satisfies Decision['kind'][];

function isKind(name: string): name is Decision['kind'] {
  return KINDS.includes(name);
}

/** What the steerer chose, how sure it was, and the guidance that it gave. */
class DecisionPart implements Part<Decision> {
  readonly node: HTMLElement;
  private readonly choice = el('span', 'cs-strong');
  private readonly how = el('span', 'cs-muted');
  private readonly reason = el('p', 'cs-reason');
  private readonly guidance = el('blockquote', 'cs-guidance');
  private readonly odds = el('p', 'cs-muted');
  private readonly raw: HTMLElement;
  private readonly folded: HTMLElement;

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    const named = { tabindex: '0', role: 'group', 'aria-label': language.say('ownWords') };
    this.raw = el('pre', { class: 'cs-stream', ...named });
    this.folded = el('details', 'cs-fold', el('summary', {}, language.say('howChosen')), this.odds, this.raw);
    this.node = el(
      'div',
      'cs-decision',
      ...[el('p', 'cs-line', this.choice, this.how), this.reason, this.guidance, this.folded]
    );
  }

  update(decision: Decision): void {
    const { kind, source, guidance, guidance_source: author, confidence, probabilities, reason, raw } = decision;
    const { language } = this.around;
    const by = (name: Decision['source']): string => language.say(SOURCE[name]);
    setText(this.choice, language.say(kind));
    const how = [
      language.say('chosen', { how: by(source) }),
      confidence === null ? '' : language.say('sure', { percent: language.percent(confidence) }),
      guidance && author && author !== source ? language.say('guidanceFrom', { how: by(author) }) : ''
    ];
    setText(this.how, how.filter(Boolean).join(' · '));
    setText(this.reason, line(reason, 500));
    setShown(this.reason, reason !== '');
    setText(this.guidance, visible(guidance, 8_000).trim());
    setShown(this.guidance, guidance !== '');
    const odds = Object.entries(probabilities)
      .sort(([, a], [, b]) => b - a)
      .map(
        ([name, value]) =>
          `${isKind(name) ? language.say(name).toLowerCase() : line(name, 20)} ${language.percent(value)}`
      )
      .join(' · ');
    setText(this.odds, odds);
    setShown(this.odds, odds !== '');
    setText(this.raw, visible(raw, 8_000).trim());
    setShown(this.raw, raw !== '');
    setShown(this.folded, odds !== '' || raw !== '');
  }
}
