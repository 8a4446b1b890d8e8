/** What the two checkers said of a round. */

import { CodeBlock } from './code.js';
import { el, icon, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';
import { ExecutionPart } from './output.js';
import type { SelfAnswer, Symbolic } from './record.js';
import { line } from './text.js';
import { VERDICT } from './words.js';

/** The symbolic checker's scale ends here. */
const FULL_SCORE = 10;
const MOST_METHODS = 12;

/** A small gauge of how much real computing a program does, and what that means. */
export class SymbolicPart implements Part<Symbolic> {
  readonly node: HTMLElement;
  private readonly fill = el('span', 'cs-gauge-fill');
  private readonly gauge: HTMLElement;
  private readonly score = el('span', 'cs-strong');
  private readonly words = el('span', 'cs-muted');

  constructor({ language }: Surroundings) {
    const label = language.say('computing');
    const scale = { role: 'meter', 'aria-valuemin': '0', 'aria-valuemax': String(FULL_SCORE) };
    this.gauge = el('span', { class: 'cs-gauge', 'aria-label': label, ...scale }, this.fill);
    this.node = el(
      'div',
      'cs-check',
      el('span', 'cs-check-name', language.say('program')),
      el('p', 'cs-line', this.gauge, this.score, this.words)
    );
  }

  update({ score, methods, suspicious, note }: Symbolic): void {
    const bounded = Math.min(FULL_SCORE, Math.max(0, score));
    setAttribute(this.node, 'data-tone', suspicious ? 'warn' : 'plain');
    this.fill.style.width = `${(bounded / FULL_SCORE) * 100}%`;
    setAttribute(this.gauge, 'aria-valuenow', bounded.toFixed(1));
    setText(this.score, `${Number(bounded.toFixed(1))}/${FULL_SCORE}`);
    setText(this.words, line(note, 300) || line(methods.slice(0, MOST_METHODS).join(', '), 300));
  }
}

/** The verdict of the program that tests the answer, with that program folded below it. */
export class SelfAnswerPart implements Part<SelfAnswer> {
  readonly node: HTMLElement;
  private readonly picture = icon('dot');
  private readonly words = el('span', 'cs-strong');
  private readonly reason = el('span');
  private readonly program: CodeBlock;
  private readonly execution: ExecutionPart;
  private readonly folded: HTMLDetailsElement;

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    this.execution = new ExecutionPart(around);
    this.program = new CodeBlock(around, 'checkerProgram');
    this.folded = el(
      'details',
      'cs-fold',
      el('summary', {}, language.say('theChecker')),
      this.program.node,
      this.execution.node
    );
    this.node = el(
      'div',
      'cs-check',
      el('span', 'cs-check-name', language.say('answer')),
      el('div', {}, el('p', 'cs-line', this.picture, this.words, this.reason), this.folded)
    );
  }

  update({ verdict, reason, program, execution }: SelfAnswer): void {
    const { tone, icon: name, words } = VERDICT[verdict];
    setAttribute(this.node, 'data-tone', tone);
    setIcon(this.picture, name);
    setText(this.words, this.around.language.say(words));
    setText(this.reason, line(reason, 500));
    setShown(this.folded, program !== '');
    this.program.update({ code: program, language: 'python' });
    setShown(this.execution.node, execution !== null);
    if (execution) {
      this.execution.update(execution);
    }
  }
}
