/** Two runs side by side. */

import { difference } from './difference.js';
import { el, heading, icon } from './dom.js';
import { type Badge, factsOf, type Seen } from './facts.js';
import { codeOf } from './files.js';
import type { Language } from './language.js';
import type { RunRecord } from './record.js';
import { line, visible } from './text.js';
import { VERDICT } from './words.js';

const LONGEST_ANSWER = 4_000;
const LONGEST_LINE = 2_000;

/** Draws two runs as a table of two columns, and their programs as one difference. */
export function compared(first: Seen, second: Seen, language: Language): HTMLElement {
  const now = performance.now();
  const facts = [first, second].map(run => factsOf(run, language, now));
  const row = (name: string, ...cells: (Node | string)[]): HTMLElement =>
    el('tr', {}, el('th', { scope: 'row' }, name), ...cells.map(cell => el('td', {}, cell)));
  const records = [first.record, second.record];
  const head = records.map(({ question }) =>
    el('th', { scope: 'col', dir: 'auto' }, el('span', {}, line(question.prompt, 160) || language.say('noQuestion')))
  );
  const table = el(
    'table',
    'cs-compared-table',
    el('thead', {}, el('tr', {}, el('td'), ...head)),
    el(
      'tbody',
      {},
      row(language.say('status'), ...facts.map(({ status }) => badge(status))),
      row(language.say('answer'), ...records.map(record => answerOf(record, language))),
      row(language.say('checkers'), ...records.map(record => checks(record, language))),
      row(language.say('models'), ...facts.map(({ models }) => models)),
      row(
        language.say('rounds'),
        ...records.map(({ rounds, budget }) => language.say('countOf', { n: rounds.length, most: budget.rounds }))
      ),
      row(language.say('time'), ...facts.map(({ time }) => time)),
      row(language.say('cost'), ...facts.map(({ cost }) => cost || '–'))
    )
  );
  const programs = programsOf(codeOf(first.record), codeOf(second.record), language);
  return el('div', 'cs-run cs-compared', table, heading(3, 'cs-strong', language.say('code')), programs);
}

function checks({ rounds, support }: RunRecord, language: Language): Node {
  const list = el('ul');
  for (const { index, self_answer: verdict, symbolic } of rounds) {
    const said = el('li', {}, `${language.say('round', { round: index })}: `);
    if (verdict) {
      const { tone, icon: name, words } = VERDICT[verdict.verdict];
      said.append(badge({ tone, icon: name, words: language.say(words) }));
    }
    if (symbolic) {
      said.append(' ', language.say('programRated', { score: Math.round(symbolic.score) }));
    }
    if (verdict ?? symbolic) {
      list.append(said);
    }
  }
  return list.childElementCount > 0 ? list : el('span', {}, visible(support?.note ?? '', LONGEST_LINE) || '–');
}

function programsOf(before: string, after: string, language: Language): HTMLElement {
  if (before === '' && after === '') {
    return el('p', 'cs-muted', language.say('neitherProgram'));
  }
  const lines = difference(before, after);
  if (!lines) {
    return el('p', 'cs-muted', language.say('otherPrograms'));
  }
  if (lines.every(({ sign }) => sign === ' ' || sign === '…')) {
    return el('p', 'cs-muted', language.say('samePrograms'));
  }
  const drawn = lines.map(({ sign, text }) => {
    const tag = sign === '+' ? 'ins' : sign === '-' ? 'del' : 'span';
    return el(tag, 'cs-diff-line', `${sign === '-' ? '−' : sign} ${visible(text, LONGEST_LINE)}\n`);
  });
  return el('pre', { class: 'cs-diff', tabindex: '0', role: 'group', 'aria-label': language.say('code') }, ...drawn);
}

function answerOf({ answer: found, error }: RunRecord, language: Language): HTMLElement {
  const fault = error ? `${error.message} [${error.code}]` : '–';
  return el(
    'div',
    { class: 'cs-compared-answer', dir: 'auto', tabindex: '0', role: 'group', 'aria-label': language.say('answer') },
    visible(found ? found.text : fault, LONGEST_ANSWER)
  );
}

function badge({ tone, icon: name, words }: Badge): HTMLElement {
  return el('span', { class: 'cs-badge', 'data-tone': tone }, icon(name), el('span', {}, words));
}
