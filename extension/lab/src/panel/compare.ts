/** Two runs side by side. */

import { closeIcon } from '@jupyterlab/ui-components';
import { el, heading, icon } from '@codesteer/view/parts/dom.js';
import type { Language } from '@codesteer/view/parts/language.js';
import { line, visible } from '@codesteer/view/parts/text.js';
import { VERDICT } from '@codesteer/view/parts/words.js';

import { codeOf } from '../doing.js';
import { type Badge, factsOf } from '../facts.js';
import type { AnyRun } from '../tokens.js';
import type { Words } from '../words.js';
import { tool } from './buttons.js';
import { difference } from './difference.js';

const LONGEST_ANSWER = 4_000;

/** Draws two runs as a table of two columns, and their programs as one difference. */
export class Comparison {
  readonly node: HTMLElement;
  private readonly body = el('div', 'jp-codesteer-scroll');
  private readonly close: HTMLButtonElement;
  private shown: readonly [AnyRun, AnyRun] | undefined;

  constructor(
    private readonly words: Words,
    private readonly language: Language,
    onClose: () => void
  ) {
    this.close = tool(closeIcon, words.__('Close the comparison'), onClose);
    this.node = el(
      'div',
      { class: 'jp-codesteer-detail', role: 'region', 'aria-label': words.__('Two runs compared') },
      el('div', 'jp-codesteer-bar', heading(3, 'jp-codesteer-title', words.__('Comparison')), this.close),
      this.body
    );
    // A long comparison is scrolled with the keys, too.
    this.body.tabIndex = 0;
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        onClose();
      }
    });
  }

  get keys(): string[] {
    return this.shown?.map(({ key }) => key) ?? [];
  }

  focus(): void {
    this.close.focus();
  }

  show(first: AnyRun, second: AnyRun): void {
    if (this.shown?.[0].record === first.record && this.shown[1].record === second.record) {
      return;
    }
    this.shown = [first, second];
    const { words, language } = this;
    const row = (name: string, draw: (run: AnyRun) => Node | string): HTMLElement =>
      el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, draw(first)), el('td', {}, draw(second)));
    const facts = (run: AnyRun): ReturnType<typeof factsOf> => factsOf(run, words, language, performance.now());
    const question = (run: AnyRun): HTMLElement =>
      el('th', { scope: 'col', dir: 'auto' }, el('span', {}, line(run.record.question.prompt, 160)));
    const table = el(
      'table',
      'jp-codesteer-compared',
      el('thead', {}, el('tr', {}, el('td'), question(first), question(second))),
      el(
        'tbody',
        {},
        row(words.__('Status'), run => badge(facts(run).status)),
        row(words.__('Answer'), answer),
        row(words.__('Checkers'), run => this.checks(run)),
        row(words.__('Models'), run => facts(run).models),
        row(words.__('Rounds'), ({ record: { rounds, budget } }) => words.__('%1 of %2', rounds.length, budget.rounds)),
        row(words.__('Time'), run => facts(run).time),
        row(words.__('Cost'), run => facts(run).cost || '–')
      )
    );
    this.body.replaceChildren(table, heading(4, 'jp-codesteer-title', words.__('Code')), this.code(first, second));
  }

  private checks({ record: { rounds, support } }: AnyRun): Node {
    const list = el('ul');
    for (const { index, self_answer: verdict, symbolic } of rounds) {
      const said = el('li', {}, this.words.__('Round %1: ', index));
      if (verdict) {
        const { tone, icon: name, words } = VERDICT[verdict.verdict];
        said.append(badge({ tone, icon: name, words: this.language.say(words) }));
      }
      if (symbolic) {
        said.append(this.words.__(' program %1/10', Math.round(symbolic.score)));
      }
      if (verdict ?? symbolic) {
        list.append(said);
      }
    }
    return list.childElementCount > 0 ? list : el('span', {}, support?.note ?? '–');
  }

  private code(first: AnyRun, second: AnyRun): HTMLElement {
    const [before, after] = [codeOf(first), codeOf(second)];
    if (before === '' && after === '') {
      return el('p', 'jp-codesteer-muted', this.words.__('Neither run has a program.'));
    }
    const lines = difference(before, after);
    if (!lines) {
      return el('p', 'jp-codesteer-muted', this.words.__('The two programs have too little in common to compare.'));
    }
    if (lines.every(({ sign }) => sign === ' ' || sign === '…')) {
      return el('p', 'jp-codesteer-muted', this.words.__('Both runs have the same program.'));
    }
    const drawn = lines.map(({ sign, text }) => {
      const tag = sign === '+' ? 'ins' : sign === '-' ? 'del' : 'span';
      return el(tag, {}, `${sign === '-' ? '−' : sign} ${visible(text, 2_000)}\n`);
    });
    return el(
      'pre',
      { class: 'jp-codesteer-diff', tabindex: '0', role: 'group', 'aria-label': this.words.__('Code') },
      ...drawn
    );
  }
}

function answer({ record: { answer: found } }: AnyRun): HTMLElement {
  return el('div', { class: 'jp-codesteer-answer', dir: 'auto' }, found ? visible(found.text, LONGEST_ANSWER) : '–');
}

function badge({ tone, icon: name, words }: Badge): HTMLElement {
  return el('span', { class: 'jp-codesteer-badge', 'data-tone': tone }, icon(name), el('span', {}, words));
}
