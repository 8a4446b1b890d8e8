/** The answer of the run, first and large, with what supports it. */

import { copyButton, insertButton } from './buttons.js';
import { CodeBlock } from './code.js';
import { el, heading, icon, Keyed, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import { Markdown } from './markdown.js';
import type { Surroundings } from './options.js';
import type { Bound, RunRecord } from './record.js';
import { line } from './text.js';
import { TROUBLES } from './troubles.js';
import { ofEnding, SUPPORT } from './words.js';

/** A short result is set large; a longer one reads better as text. */
const LONGEST_LARGE = 60;

/** Draws the final answer, or why there is none; hidden while there is nothing to say. */
export class FinalPart implements Part<RunRecord> {
  readonly node: HTMLElement;
  private readonly card: HTMLElement;
  private readonly large = el('p', { class: 'cs-result', dir: 'auto' });
  private readonly text: Markdown;
  private readonly picture = icon('dash');
  private readonly words = el('span', 'cs-strong');
  private readonly note = el('span');
  private readonly support = el('p', 'cs-line cs-support', this.picture, this.words, this.note);
  private readonly bound: Keyed<Bound>;
  private readonly boundList: HTMLElement;
  private readonly program: CodeBlock;
  private readonly folded: HTMLDetailsElement;
  private readonly ending: EndingPart;
  private readonly insert: HTMLElement;
  private copied = '';
  private code = '';

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    this.ending = new EndingPart(around);
    this.boundList = el('ul', { class: 'cs-bound', 'aria-label': language.say('bound') });
    this.insert = el(
      'span',
      'cs-answer-buttons',
      insertButton(around, () => this.code)
    );
    this.text = new Markdown(around);
    this.program = new CodeBlock(around, 'answerProgram');
    this.folded = el('details', 'cs-fold', el('summary', {}, language.say('behind')), this.program.node);
    this.bound = new Keyed(
      this.boundList,
      bound => bound.name,
      () => new BoundPart(around)
    );
    this.card = el(
      'div',
      'cs-answer',
      el(
        'div',
        'cs-answer-head',
        heading(3, 'cs-label', language.say('answer')),
        this.insert,
        copyButton(around, 'copyAnswer', () => this.copied)
      ),
      ...[this.large, this.text.node, this.support, this.boundList, this.folded]
    );
    this.node = el('div', 'cs-final', this.card, this.ending.node);
  }

  update(record: RunRecord): void {
    const { answer, support, bound } = record;
    setShown(this.card, answer !== null);
    if (answer) {
      const text = answer.text.trim();
      const result = answer.result.trim();
      this.copied = text || result;
      const head = result || text;
      const isLarge = head.length <= LONGEST_LARGE && !head.includes('\n') && !/[`*_#|<$\\[]/.test(head);
      setText(this.large, isLarge ? line(head, LONGEST_LARGE) : '');
      setShown(this.large, isLarge && head !== '');
      // The program is shown below the answer, not in it.
      const rest = isLarge && (text === head || text === '') ? '' : text || result;
      this.text.update({ text: rest, complete: true });
      setShown(this.text.node, rest !== '');
      setShown(this.folded, answer.code !== null && answer.code !== '' && !rest.includes(answer.code.trim()));
      this.code = answer.code ?? '';
      setShown(this.insert, this.code !== '');
      this.program.update({ code: this.code, language: 'python' });
    }
    setShown(this.support, support !== null);
    if (support) {
      const { tone, icon: name, words: label } = SUPPORT[support.level];
      const words = this.around.language.say(label);
      setAttribute(this.card, 'data-tone', tone);
      setIcon(this.picture, name);
      setText(this.words, words);
      // The label says it already.
      setText(this.note, line(withoutLabel(support.note, words), 400));
    }
    this.bound.update(bound);
    setShown(this.boundList, bound.length > 0);
    this.ending.update(record);
    setShown(this.node, !this.card.hidden || !this.ending.node.hidden);
  }
}

function withoutLabel(note: string, label: string): string {
  const rest = note.startsWith(`${label}: `) ? note.slice(label.length + 2) : note;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** One result under its name in the notebook, or why it is not there. */
class BoundPart implements Part<Bound> {
  readonly node = el('li', 'cs-bound-item');
  private readonly name = el('code');
  private readonly words = el('span', 'cs-muted');

  constructor(private readonly around: Surroundings) {
    this.node.append(this.name, this.words);
  }

  update({ name, type, error }: Bound): void {
    setAttribute(this.node, 'data-tone', error ? 'bad' : 'good');
    setText(this.name, line(name, 40));
    const { language } = this.around;
    setText(this.words, error ? language.say('notBound', { error: line(error, 200) }) : line(type, 80));
  }
}

/** Why a run ended without an ordinary answer, and what to do. */
class EndingPart implements Part<RunRecord> {
  readonly node: HTMLElement;
  private readonly picture = icon('dash');
  private readonly words = el('p', 'cs-ending-words');
  private readonly cure = el('p', 'cs-ending-cure');
  private readonly trouble: TroublePart;

  constructor(private readonly around: Surroundings) {
    this.trouble = new TroublePart(around);
    const said = el('div', 'cs-ending-said', this.words, this.cure, this.trouble.node);
    this.node = el('div', 'cs-ending', this.picture, said);
  }

  update(record: RunRecord): void {
    const ending = ofEnding(record, this.around.language);
    setShown(this.node, ending !== null);
    if (ending) {
      setAttribute(this.node, 'data-tone', ending.tone);
      setIcon(this.picture, ending.icon);
      setText(this.words, line(ending.words, 600));
      setText(this.cure, line(ending.cure, 600));
      setShown(this.cure, ending.cure !== '');
      this.trouble.update(record.error?.code ?? '');
    }
  }
}

/** The code of an error, and its section of the troubleshooting page: it is in the view, so nothing has to be reached. */
class TroublePart implements Part<string> {
  readonly node: HTMLElement;
  private readonly code = el('code');
  private readonly section: Markdown;
  private readonly folded: HTMLDetailsElement;

  constructor(around: Surroundings) {
    const { language } = around;
    this.section = new Markdown(around);
    this.folded = el('details', 'cs-fold', el('summary', {}, language.say('errorMeans')), this.section.node);
    const label = el('p', 'cs-trouble-code', el('span', 'cs-muted', language.say('errorCode')), this.code);
    this.node = el('div', 'cs-trouble', label, this.folded);
  }

  update(code: string): void {
    setShown(this.node, code !== '');
    setText(this.code, line(code, 60));
    // A newer kernel knows errors that this view does not.
    const text = TROUBLES.get(code) ?? '';
    setShown(this.folded, text !== '');
    this.section.update({ text, complete: true });
  }
}
