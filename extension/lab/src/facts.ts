/** A run in three lines: what the list says of it. */

import type { RunRecord } from '@codesteer/view';
import type { IconName } from '@codesteer/view/parts/dom.js';
import type { Language } from '@codesteer/view/parts/language.js';
import { line } from '@codesteer/view/parts/text.js';
import { ofRound, STATUS, SUPPORT, type Tone, VERDICT } from '@codesteer/view/parts/words.js';

import { type AnyRun, isKept, type KeptRun } from './tokens.js';
import type { Words } from './words.js';

export interface Badge {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly words: string;
}

export interface Facts {
  readonly status: Badge;
  readonly question: string;
  readonly models: string;
  readonly round: string;
  readonly time: string;
  readonly cost: string;
  readonly badges: readonly Badge[];
}

/** Says what is known of a run; `now` is in milliseconds of the clock that `received` was taken from. */
export function factsOf(run: AnyRun, words: Words, language: Language, now: number): Facts {
  const { record, isStopping } = run;
  const { tone, icon, words: name } = STATUS[record.status];
  const live = isLive(record);
  return {
    status:
      isStopping && live
        ? { tone: 'plain', icon: 'stop', words: language.say('stopping') }
        : { tone, icon, words: language.say(name) },
    question: line(record.question.prompt, 200) || words.__('(no question)'),
    models: modelsOf(record, words),
    round: roundOf(record, words),
    time: timeOf(run, language, now),
    cost: costOf(record, words, language),
    badges: badgesOf(record, language),
    ...(isKept(run) ? listed(run, words) : {})
  };
}

/** What the list on disk says: how many rounds there were, when the run began, how its answer begins. */
function listed({ row: { rounds, started, answer } }: KeptRun, words: Words): Pick<Facts, 'round' | 'cost' | 'badges'> {
  const began = new Date(started);
  return {
    round: rounds > 0 ? words._n('%1 round', '%1 rounds', rounds) : '',
    cost: Number.isNaN(began.getTime()) ? '' : began.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' }),
    badges: answer === '' ? [] : [{ tone: 'plain', icon: 'dot', words: line(answer, 80) }]
  };
}

/** How long a run has gone on, or took. */
export function timeOf({ record, received }: AnyRun, language: Language, now: number): string {
  const { seconds } = record.timing;
  return record.status === 'running'
    ? language.wholeSeconds(seconds + Math.max(0, now - received) / 1000)
    : seconds > 0
      ? language.seconds(seconds)
      : '';
}

function isLive({ status }: RunRecord): boolean {
  return status === 'running' || status === 'queued';
}

function modelsOf({ models: { target, steerer } }: RunRecord, words: Words): string {
  const short = line(target, 80);
  return steerer === '' || steerer === target ? short : words.__('%1, steered by %2', short, line(steerer, 80));
}

function roundOf({ rounds, budget }: RunRecord, words: Words): string {
  const last = rounds.at(-1)?.index ?? 0;
  return last === 0 ? '' : words.__('Round %1 of %2', last, Math.max(budget.rounds, last));
}

function costOf({ usage }: RunRecord, words: Words, language: Language): string {
  const tokens = usage.input_tokens + usage.output_tokens;
  if (tokens === 0) {
    return '';
  }
  const count = words.__('%1 tokens', language.count(tokens));
  return usage.cost ? `${count} · ${language.money(usage.cost)}` : count;
}

/** What the checkers said of the round that counts: the answer's, or the last. */
function badgesOf(record: RunRecord, language: Language): Badge[] {
  const { rounds, answer, support } = record;
  const round = rounds.find(({ index }) => index === answer?.round) ?? rounds.at(-1);
  const badges: Badge[] = [];
  if (support && answer) {
    const { tone, icon, words } = SUPPORT[support.level];
    badges.push({ tone, icon, words: language.say(words) });
  }
  if (round?.self_answer && !answer) {
    const { tone, icon, words } = VERDICT[round.self_answer.verdict];
    badges.push({ tone, icon, words: `${language.say('answer')}: ${language.say(words)}` });
  } else if (round && !answer && round.complete) {
    const { tone, icon, words } = ofRound(round, isLive(record));
    badges.push({ tone, icon, words: language.say(words) });
  }
  if (round?.symbolic) {
    const { score, suspicious } = round.symbolic;
    const tone = suspicious ? 'warn' : 'plain';
    badges.push({
      tone,
      icon: suspicious ? 'warn' : 'dot',
      words: `${language.say('program')} ${Math.round(score)}/10`
    });
  }
  return badges;
}
