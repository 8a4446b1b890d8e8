/** The judgement which words fit a run, its rounds, its programs. The words themselves are in `strings.ts`. */

import type { IconName } from './dom.js';
import type { Language } from './language.js';
import type { Decision, Execution, Progress, Round, RunRecord, SelfAnswer, Support } from './record.js';
import type { StringName } from './strings.js';

/** How a fact is coloured; never the only carrier of its meaning. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'busy';

/** A fact: how it is coloured, drawn and called. */
export interface Saying {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly words: StringName;
}

const say = (tone: Tone, icon: IconName, words: StringName): Saying => ({ tone, icon, words });

export const STATUS: Readonly<Record<RunRecord['status'], Saying>> = {
  queued: say('plain', 'clock', 'queued'),
  running: say('busy', 'dot', 'running'),
  done: say('good', 'check', 'done'),
  stopped: say('plain', 'stop', 'stopped'),
  exhausted: say('warn', 'warn', 'exhausted'),
  failed: say('bad', 'cross', 'failed'),
  lost: say('warn', 'question', 'lost')
};

/** Short names for the time legend, in the order in which a run meets them. */
export const TIME: Readonly<Record<Progress['phase'], StringName>> = {
  loading: 'timeLoading',
  choosing: 'timeChoosing',
  answering: 'timeAnswering',
  executing: 'timeExecuting',
  checking: 'timeChecking',
  steering: 'timeSteering',
  binding: 'timeBinding'
};

/** Who decided, or who wrote. */
export const SOURCE: Readonly<Record<Decision['source'], StringName>> = {
  model: 'byModel',
  rule: 'byRule',
  template: 'byTemplate',
  fallback: 'byFallback'
};

export const VERDICT: Readonly<Record<SelfAnswer['verdict'], Saying>> = {
  pass: say('good', 'check', 'passed'),
  fail: say('bad', 'cross', 'testFailed'),
  broken: say('warn', 'warn', 'broken'),
  unsure: say('plain', 'question', 'unsure')
};

export const SUPPORT: Readonly<Record<Support['level'], Saying>> = {
  verified: say('good', 'check', 'verified'),
  agreed: say('good', 'check', 'agreed'),
  executed: say('plain', 'dot', 'executed'),
  unchecked: say('plain', 'dash', 'unchecked'),
  doubtful: say('warn', 'warn', 'doubtful'),
  none: say('plain', 'dash', 'unsupported')
};

const EXECUTION: Readonly<Record<NonNullable<Execution['status']>, Saying>> = {
  ok: say('good', 'check', 'ran'),
  error: say('bad', 'cross', 'raised'),
  timeout: say('bad', 'clock', 'outOfTime'),
  killed: say('bad', 'cross', 'killed'),
  died: say('bad', 'cross', 'died'),
  interrupted: say('plain', 'stop', 'interrupted')
};

const RUNNING = say('busy', 'dot', 'roundRunning');

/** Whether a run goes on. */
export function isLive({ status }: RunRecord): boolean {
  return status === 'running' || status === 'queued';
}

/** How a program went. */
export function ofExecution(execution: Execution): Saying {
  return execution.status ? EXECUTION[execution.status] : RUNNING;
}

/** How a round came out; `live` tells whether the run still goes on. */
export function ofRound(round: Round, live: boolean): Saying {
  if (!round.complete && live) {
    return RUNNING;
  }
  const status = round.execution?.status;
  if (status && status !== 'ok') {
    return status === 'interrupted' ? say('plain', 'stop', 'roundInterrupted') : say('bad', 'cross', 'programFailed');
  }
  switch (round.self_answer?.verdict) {
    case 'pass':
      return say('good', 'check', 'checkPassed');
    case 'fail':
      return say('bad', 'cross', 'checkFailed');
    case 'broken':
    case 'unsure':
    case undefined:
  }
  if (!round.complete) {
    return say('plain', 'dash', 'cutShort');
  }
  return round.symbolic?.suspicious ? say('warn', 'warn', 'hardCoded') : say('plain', 'dash', 'notChecked');
}

/** What a running run is doing, for the status line and for screen readers. */
export function ofProgress(record: RunRecord, language: Language): string {
  const { progress, rounds, budget, status } = record;
  if (status === 'queued') {
    return language.say('waiting');
  }
  if (status !== 'running') {
    return rounds.length > 0 ? language.plural('rounds', rounds.length) : '';
  }
  const phase = language.say(progress ? progress.phase : 'starting');
  const doing = progress?.note ? language.say('noted', { doing: phase, note: progress.note }) : phase;
  const open = rounds.at(-1);
  return open
    ? language.say('inRound', { round: open.index, rounds: Math.max(budget.rounds, open.index), doing })
    : doing;
}

const BUDGET: Readonly<Record<NonNullable<RunRecord['budget']['hit']>, StringName>> = {
  output: 'budgetOutput',
  rounds: 'budgetRounds',
  seconds: 'budgetSeconds',
  tokens: 'budgetTokens',
  cost: 'budgetCost'
};

/** How a run ended that brought no ordinary answer. */
export interface Ending {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly words: string;
  readonly cure: string;
}

/** Why a run ended without an ordinary answer, and what to do; null for one that runs or is done. */
export function ofEnding(record: RunRecord, language: Language): Ending | null {
  const { status, error, budget, answer, rounds } = record;
  const { tone, icon } = STATUS[status];
  const best = language.say(answer ? 'bestShown' : 'noAnswer');
  switch (status) {
    case 'stopped':
      return { tone, icon, words: language.say('wasStopped'), cure: rounds.length > 0 ? best : '' };
    case 'exhausted': {
      const words = language.say('usedUp', {
        budget: language.say(budget.hit ? BUDGET[budget.hit] : 'budgetRun'),
        best
      });
      return { tone, icon, words, cure: budget.hit === 'rounds' ? language.plural('moreRounds', budget.rounds) : '' };
    }
    case 'failed':
      return { tone, icon, words: error?.message ?? language.say('runFailed'), cure: error?.cure ?? '' };
    case 'lost':
      return { tone, icon, words: language.say('wasLost'), cure: language.say('runAgainCure') };
    case 'done':
      return answer ? null : { tone: 'plain', icon: 'dash', words: language.say('endedEmpty'), cure: '' };
    case 'queued':
    case 'running':
      return null;
  }
}
