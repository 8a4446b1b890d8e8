/** Every word the view says about a run, and the judgement which of them fits. */

import type { IconName } from './dom.js';
import type { Decision, Execution, Progress, Round, RunRecord, SelfAnswer, Support } from './record.js';
import { plural } from './text.js';

/** How a fact is coloured; never the only carrier of its meaning. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'busy';

/** A fact in a few words. */
export interface Saying {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly words: string;
}

const say = (tone: Tone, icon: IconName, words: string): Saying => ({ tone, icon, words });

export const STATUS: Readonly<Record<RunRecord['status'], Saying>> = {
  queued: say('plain', 'clock', 'Queued'),
  running: say('busy', 'dot', 'Running'),
  done: say('good', 'check', 'Done'),
  stopped: say('plain', 'stop', 'Stopped'),
  exhausted: say('warn', 'warn', 'Out of budget'),
  failed: say('bad', 'cross', 'Failed'),
  lost: say('warn', 'question', 'Lost')
};

export const PHASE: Readonly<Record<Progress['phase'], string>> = {
  loading: 'loading the model',
  choosing: 'choosing text or code',
  answering: 'answering',
  executing: 'running the program',
  checking: 'checking the answer',
  steering: 'deciding what next',
  binding: 'fetching the results'
};

/** Short names for the time legend, in the order in which a run meets them. */
export const TIME: Readonly<Record<Progress['phase'], string>> = {
  loading: 'Loading',
  choosing: 'Choosing',
  answering: 'Answering',
  executing: 'Running code',
  checking: 'Checking',
  steering: 'Steering',
  binding: 'Results'
};

export const KIND: Readonly<Record<Decision['kind'], string>> = {
  code: 'Code',
  text: 'Text',
  refine: 'Refine',
  return: 'Return',
  terminate: 'Stop'
};

export const SOURCE: Readonly<Record<Decision['source'], string>> = {
  model: 'by the model',
  rule: 'by a rule',
  template: 'from a template',
  fallback: 'as the safe fall-back: the reply could not be read'
};

export const VERDICT: Readonly<Record<SelfAnswer['verdict'], Saying>> = {
  pass: say('good', 'check', 'Passed'),
  fail: say('bad', 'cross', 'Failed'),
  broken: say('warn', 'warn', 'The check itself broke'),
  unsure: say('plain', 'question', 'Unsure')
};

export const SUPPORT: Readonly<Record<Support['level'], Saying>> = {
  verified: say('good', 'check', 'Verified'),
  agreed: say('good', 'check', 'Rounds agree'),
  executed: say('plain', 'dot', 'Computed, not verified'),
  unchecked: say('plain', 'dash', 'Not checked'),
  doubtful: say('warn', 'warn', 'Doubtful'),
  none: say('plain', 'dash', 'No support')
};

const EXECUTION: Readonly<Record<NonNullable<Execution['status']>, Saying>> = {
  ok: say('good', 'check', 'Ran'),
  error: say('bad', 'cross', 'Raised an error'),
  timeout: say('bad', 'clock', 'Ran out of time'),
  killed: say('bad', 'cross', 'Killed'),
  died: say('bad', 'cross', 'Its process died'),
  interrupted: say('plain', 'stop', 'Interrupted')
};

const RUNNING = say('busy', 'dot', 'running');

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
    return status === 'interrupted' ? say('plain', 'stop', 'interrupted') : say('bad', 'cross', 'program failed');
  }
  switch (round.self_answer?.verdict) {
    case 'pass':
      return say('good', 'check', 'check passed');
    case 'fail':
      return say('bad', 'cross', 'check failed');
    case 'broken':
    case 'unsure':
    case undefined:
  }
  if (!round.complete) {
    return say('plain', 'dash', 'cut short');
  }
  return round.symbolic?.suspicious ? say('warn', 'warn', 'looks hard-coded') : say('plain', 'dash', 'not checked');
}

/** What a running run is doing, for the status line and for screen readers. */
export function ofProgress(record: RunRecord): string {
  const { progress, rounds, budget, status } = record;
  if (status === 'queued') {
    return 'waiting to start';
  }
  if (status !== 'running') {
    return rounds.length > 0 ? plural(rounds.length, 'round') : '';
  }
  const open = rounds.at(-1);
  const where = open ? `Round ${open.index} of ${Math.max(budget.rounds, open.index)}: ` : '';
  const doing = progress ? PHASE[progress.phase] : 'starting';
  const note = progress?.note ? ` (${progress.note})` : '';
  return `${where}${doing}${note}`;
}

const BUDGET: Readonly<Record<NonNullable<RunRecord['budget']['hit']>, string>> = {
  output: 'output',
  rounds: 'rounds',
  seconds: 'time',
  tokens: 'tokens',
  cost: 'money'
};

/** Why a run ended without an ordinary answer, and what to do; null for one that runs or is done. */
export function ofEnding(record: RunRecord): (Saying & { readonly cure: string }) | null {
  const { status, error, budget, answer, rounds } = record;
  const { tone, icon } = STATUS[status];
  const best = answer ? 'The best answer so far is shown.' : 'No round brought an answer.';
  switch (status) {
    case 'stopped':
      return { tone, icon, words: 'Stopped before it was done.', cure: rounds.length > 0 ? best : '' };
    case 'exhausted':
      return {
        tone,
        icon,
        words: `The budget of ${budget.hit ? BUDGET[budget.hit] : 'this run'} is used up. ${best}`,
        cure: budget.hit === 'rounds' ? `Allow more than ${plural(budget.rounds, 'round')} to go on.` : ''
      };
    case 'failed':
      return { tone, icon, words: error?.message ?? 'The run failed.', cure: error?.cure ?? '' };
    case 'lost':
      return {
        tone,
        icon,
        words: 'The kernel went away while this ran. What it had recorded is shown.',
        cure: 'Run the cell again.'
      };
    case 'done':
      return answer ? null : { tone: 'plain', icon: 'dash', words: 'The run ended without an answer.', cure: '' };
    case 'queued':
    case 'running':
      return null;
  }
}
