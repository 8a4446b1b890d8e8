/** A run in three lines: what lists say of it. */

import type { IconName } from './dom.js';
import type { Language } from './language.js';
import type { RunRecord } from './record.js';
import { line } from './text.js';
import { isLive, ofRound, STATUS, SUPPORT, type Tone, VERDICT } from './words.js';

/** A run as its reader has it before them. */
export interface Seen {
  readonly record: RunRecord;
  /** When the record came, in milliseconds of `performance.now()`. */
  readonly received: number;
  /** Whether somebody asked here for the end of the run. */
  readonly isStopping: boolean;
}

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
export function factsOf(run: Seen, language: Language, now: number): Facts {
  const { record, isStopping } = run;
  const { tone, icon, words: name } = STATUS[record.status];
  return {
    status:
      isStopping && isLive(record)
        ? { tone: 'plain', icon: 'stop', words: language.say('stopping') }
        : { tone, icon, words: language.say(name) },
    question: line(record.question.prompt, 200) || language.say('noQuestion'),
    models: modelsOf(record, language),
    round: roundOf(record, language),
    time: timeOf(run, language, now),
    cost: costOf(record, language),
    badges: badgesOf(record, language)
  };
}

/** How long a run has gone on, or took. */
export function timeOf({ record, received }: Seen, language: Language, now: number): string {
  const { seconds } = record.timing;
  return record.status === 'running'
    ? language.wholeSeconds(seconds + Math.max(0, now - received) / 1000)
    : seconds > 0
      ? language.seconds(seconds)
      : '';
}

function modelsOf({ models: { target, steerer } }: RunRecord, language: Language): string {
  const short = line(target, 80);
  return steerer === '' || steerer === target
    ? short
    : language.say('steeredBy', { target: short, steerer: line(steerer, 80) });
}

function roundOf({ rounds, budget }: RunRecord, language: Language): string {
  const last = rounds.at(-1)?.index ?? 0;
  return last === 0 ? '' : language.say('roundOf', { round: last, rounds: Math.max(budget.rounds, last) });
}

function costOf({ usage }: RunRecord, language: Language): string {
  const tokens = usage.input_tokens + usage.output_tokens;
  if (tokens === 0) {
    return '';
  }
  const count = language.say('tokenCount', { n: language.count(tokens) });
  return usage.cost ? `${count} · ${language.money(usage.cost)}` : count;
}

/** The code of the error that ended a run. */
export function faultBadge(code: string): Badge {
  return { tone: 'bad', icon: 'cross', words: line(code, 60) };
}

/** Why the run failed, and what the checkers said of the round that counts: the answer's, or the last. */
function badgesOf(record: RunRecord, language: Language): Badge[] {
  const { rounds, answer, support, error } = record;
  const round = rounds.find(({ index }) => index === answer?.round) ?? rounds.at(-1);
  const badges: Badge[] = [];
  if (error) {
    badges.push(faultBadge(error.code));
  }
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
