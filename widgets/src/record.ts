// Generated from codesteer_kernel/record/run.v1.schema.json by `npm run types`; do not edit.

/**
 * One run. ``seq`` is the number of the last event folded in.
 */
export interface RunRecord {
  schema: number;
  id: string;
  seq: number;
  status: 'done' | 'exhausted' | 'failed' | 'lost' | 'queued' | 'running' | 'stopped';
  question: Question;
  models: Models;
  config: RunConfig;
  progress: Progress | null;
  rounds: Round[];
  answer: FinalAnswer | null;
  support: Support | null;
  bound: Bound[];
  budget: Budget;
  usage: Usage;
  timing: Timing;
  versions: {
    [k: string]: string;
  };
  error: Failure | null;
  cut: number;
}
/**
 * What was asked: the prompt as typed, summaries of the inputs, the names to bind.
 *
 * ``context`` is told to the models before the prompt: what an earlier run, ``follows``, asked and found.
 */
export interface Question {
  prompt: string;
  context: string;
  follows: string;
  inputs: InputSummary[];
  outputs: string[];
}
/**
 * What the models are told of a named input: never the data itself.
 */
export interface InputSummary {
  name: string;
  type: string;
  shape: string;
  summary: string;
}
/**
 * Model names by role, as ``provider/model``.
 */
export interface Models {
  target: string;
  steerer: string;
  checker: string;
}
/**
 * The settings that shaped the run.
 *
 * ``max_tokens`` bounds one model call; ``code_seconds`` one program, ``check_seconds`` one test; ``prompts`` names the dialect's template
 * version and content hash. ``start`` is the first decision where the user made it. ``samples`` first answers are made independently of each other.
 * ``thinking`` tokens of hidden reasoning were asked of the target (None: its own way). ``repeat_partial`` calls are
 * made again when they break off in the middle. ``faithful`` runs reproduce the published loop. ``check_only`` runs steer
 * nothing: the checkers look at an answer that the user gave, and no target is asked. ``method`` names what answered
 * in the place of the loop; empty: the loop itself. ``without`` names the parts of the loop that were left out: either
 * checker, the steerer's word to stop, so that every round is made, or the trained head of a small steerer.
 */
export interface RunConfig {
  dialect: string;
  max_tokens: number;
  code_seconds: number;
  check_seconds: number;
  memory_mb: number;
  temperature: number;
  seed: number | null;
  start: '' | 'code' | 'text';
  samples: number;
  thinking: number | null;
  repeat_partial: boolean;
  faithful: boolean;
  check_only: boolean;
  method: string;
  without: ('head' | 'self-answer' | 'stop' | 'symbolic')[];
  prompts: string;
}
/**
 * What a running run is doing now; ``began`` is in seconds since the start of the run.
 */
export interface Progress {
  phase: 'answering' | 'binding' | 'checking' | 'choosing' | 'executing' | 'loading' | 'steering';
  note: string;
  began: number;
}
/**
 * One decision, one answer, what its code printed, what the checkers said. ``index`` counts from 1.
 *
 * ``result`` is the short answer read out of the program's output or the text.
 */
export interface Round {
  index: number;
  decision: Decision;
  answer: Answer;
  execution: Execution | null;
  symbolic: Symbolic | null;
  self_answer: SelfAnswer | null;
  result: string;
  usage: Usage;
  timing: Timing;
  complete: boolean;
}
/**
 * One decision of the steerer.
 *
 * ``source`` says who chose the kind: the model, a rule, or the safe fall-back after unreadable output.
 * ``guidance_source`` says who wrote the guidance. ``confidence`` is the probability of the chosen kind where it was
 * scored. ``raw`` is the model's own text, whatever became of it; ``reason`` is for people.
 */
export interface Decision {
  kind: 'code' | 'refine' | 'return' | 'terminate' | 'text';
  source: 'fallback' | 'model' | 'rule' | 'template';
  guidance: string;
  guidance_source: ('fallback' | 'model' | 'rule' | 'template') | null;
  confidence: number | null;
  probabilities: {
    [k: string]: number;
  };
  reason: string;
  raw: string;
}
/**
 * The target's answer of one round; ``code`` is the program found in it; ``complete`` is False while it streams.
 */
export interface Answer {
  text: string;
  code: string | null;
  complete: boolean;
  reasoning_chars: number;
  stop: string;
}
/**
 * How a program went. ``tier`` names the isolation really in force; ``cut`` counts characters left out by stream.
 */
export interface Execution {
  status: ('died' | 'error' | 'interrupted' | 'killed' | 'ok' | 'timeout') | null;
  tier: string;
  stdout: string;
  stderr: string;
  outputs: Output[];
  error: string;
  traceback: string;
  seconds: number;
  cpu_seconds: number | null;
  peak_mb: number | null;
  limit: string;
  cut: {
    [k: string]: number;
  };
}
/**
 * One rich output of a program: a bundle of MIME type to text (base64 for images).
 */
export interface Output {
  kind: 'display' | 'figure' | 'result';
  data: {
    [k: string]: string;
  };
}
/**
 * The symbolic checker's rating of a program: how much real computing it does.
 *
 * ``score`` runs from 0 (a printed constant) to 10; ``methods`` names what was found; ``suspicious`` is set for
 * programs that only print what they were written with. Only what reaches the output counts: ``loops`` is the number of
 * loops by depth, the outermost first, ``branches`` that of choices, ``complexity`` both in one (a loop counts by its
 * depth). ``endless`` are the lines of loops that nothing ends; ``partial``: only a part of the program could be read.
 */
export interface Symbolic {
  score: number;
  methods: string[];
  suspicious: boolean;
  note: string;
  loops: number[];
  branches: number;
  complexity: number;
  endless: number[];
  partial: boolean;
}
/**
 * The self-answer checker's verdict, with the program that gave it.
 */
export interface SelfAnswer {
  verdict: 'broken' | 'fail' | 'pass' | 'unsure';
  reason: string;
  program: string;
  execution: Execution | null;
}
/**
 * Model use, summed. ``cost`` is None as soon as one call's price is unknown.
 */
export interface Usage {
  calls: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  cost: number | null;
}
/**
 * When and how long. ``started`` is ISO 8601 in UTC, ``seconds`` the whole, ``split`` seconds by phase.
 */
export interface Timing {
  started: string;
  began: number;
  seconds: number;
  first_token: number | null;
  split: {
    [k: string]: number;
  };
}
/**
 * The answer of the run: display text, the short result, the round it came from, its program.
 */
export interface FinalAnswer {
  text: string;
  result: string;
  round: number;
  code: string | null;
}
/**
 * How well the final answer is supported, and why the run ended.
 *
 * Levels: ``verified`` (a checker program passed), ``agreed`` (two rounds agree), ``executed`` (a program printed it),
 * ``unchecked`` (text alone), ``doubtful`` (a checker failed it), ``none``.
 */
export interface Support {
  level: 'agreed' | 'doubtful' | 'executed' | 'none' | 'unchecked' | 'verified';
  rounds: number[];
  note: string;
  decision: Decision | null;
}
/**
 * One result asked for by ``--out``: its type when bound, or why not.
 */
export interface Bound {
  name: string;
  type: string;
  error: string;
}
/**
 * Limits of the whole run (None: no limit) and the one that ended it.
 *
 * ``output_mb`` bounds what models and programs put out together, in millions of characters.
 */
export interface Budget {
  rounds: number;
  seconds: number | null;
  tokens: number | null;
  cost: number | null;
  output_mb: number | null;
  hit: ('cost' | 'output' | 'rounds' | 'seconds' | 'tokens') | null;
}
/**
 * Why a run failed: stable code, what happened, what to do.
 */
export interface Failure {
  code: string;
  message: string;
  cure: string;
}

/** What a value of the record may be; `default` stands in for a missing or wrong one. */
export interface Shape {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean';
  readonly enum?: readonly string[];
  readonly ref?: string;
  readonly items?: Shape;
  readonly values?: Shape;
  readonly nullable?: true;
  readonly default?: string | number | boolean;
}

export const MIME_TYPE = 'application/vnd.codesteer.run.v1+json';
export const SCHEMA_VERSION = 1;

export const SHAPES: Readonly<Record<string, { readonly properties: Readonly<Record<string, Shape>> }>> = {
  Record: {
    properties: {
      schema: { type: 'integer', default: 1 },
      id: { type: 'string', default: '' },
      seq: { type: 'integer', default: 0 },
      status: { enum: ['done', 'exhausted', 'failed', 'lost', 'queued', 'running', 'stopped'], default: 'queued' },
      question: { ref: 'Question' },
      models: { ref: 'Models' },
      config: { ref: 'RunConfig' },
      progress: { ref: 'Progress', nullable: true },
      rounds: { items: { ref: 'Round' } },
      answer: { ref: 'FinalAnswer', nullable: true },
      support: { ref: 'Support', nullable: true },
      bound: { items: { ref: 'Bound' } },
      budget: { ref: 'Budget' },
      usage: { ref: 'Usage' },
      timing: { ref: 'Timing' },
      versions: { values: { type: 'string' } },
      error: { ref: 'Failure', nullable: true },
      cut: { type: 'integer', default: 0 }
    }
  },
  Question: {
    properties: {
      prompt: { type: 'string' },
      context: { type: 'string', default: '' },
      follows: { type: 'string', default: '' },
      inputs: { items: { ref: 'InputSummary' } },
      outputs: { items: { type: 'string' } }
    }
  },
  InputSummary: {
    properties: {
      name: { type: 'string' },
      type: { type: 'string' },
      shape: { type: 'string', default: '' },
      summary: { type: 'string', default: '' }
    }
  },
  Models: { properties: { target: { type: 'string' }, steerer: { type: 'string' }, checker: { type: 'string' } } },
  RunConfig: {
    properties: {
      dialect: { type: 'string', default: 'mini' },
      max_tokens: { type: 'integer', default: 2000 },
      code_seconds: { type: 'number', default: 20 },
      check_seconds: { type: 'number', default: 15 },
      memory_mb: { type: 'integer', default: 2048 },
      temperature: { type: 'number', default: 0 },
      seed: { type: 'integer', nullable: true },
      start: { enum: ['', 'code', 'text'], default: '' },
      samples: { type: 'integer', default: 1 },
      thinking: { type: 'integer', nullable: true },
      repeat_partial: { type: 'boolean', default: false },
      faithful: { type: 'boolean', default: false },
      check_only: { type: 'boolean', default: false },
      method: { type: 'string', default: '' },
      without: { items: { enum: ['head', 'self-answer', 'stop', 'symbolic'] } },
      prompts: { type: 'string', default: '' }
    }
  },
  Progress: {
    properties: {
      phase: { enum: ['answering', 'binding', 'checking', 'choosing', 'executing', 'loading', 'steering'] },
      note: { type: 'string', default: '' },
      began: { type: 'number', default: 0 }
    }
  },
  Round: {
    properties: {
      index: { type: 'integer' },
      decision: { ref: 'Decision' },
      answer: { ref: 'Answer' },
      execution: { ref: 'Execution', nullable: true },
      symbolic: { ref: 'Symbolic', nullable: true },
      self_answer: { ref: 'SelfAnswer', nullable: true },
      result: { type: 'string', default: '' },
      usage: { ref: 'Usage' },
      timing: { ref: 'Timing' },
      complete: { type: 'boolean', default: false }
    }
  },
  Decision: {
    properties: {
      kind: { enum: ['code', 'refine', 'return', 'terminate', 'text'] },
      source: { enum: ['fallback', 'model', 'rule', 'template'] },
      guidance: { type: 'string', default: '' },
      guidance_source: { enum: ['fallback', 'model', 'rule', 'template'], nullable: true },
      confidence: { type: 'number', nullable: true },
      probabilities: { values: { type: 'number' } },
      reason: { type: 'string', default: '' },
      raw: { type: 'string', default: '' }
    }
  },
  Answer: {
    properties: {
      text: { type: 'string', default: '' },
      code: { type: 'string', nullable: true },
      complete: { type: 'boolean', default: false },
      reasoning_chars: { type: 'integer', default: 0 },
      stop: { type: 'string', default: '' }
    }
  },
  Execution: {
    properties: {
      status: { enum: ['died', 'error', 'interrupted', 'killed', 'ok', 'timeout'], nullable: true },
      tier: { type: 'string', default: '' },
      stdout: { type: 'string', default: '' },
      stderr: { type: 'string', default: '' },
      outputs: { items: { ref: 'Output' } },
      error: { type: 'string', default: '' },
      traceback: { type: 'string', default: '' },
      seconds: { type: 'number', default: 0 },
      cpu_seconds: { type: 'number', nullable: true },
      peak_mb: { type: 'number', nullable: true },
      limit: { type: 'string', default: '' },
      cut: { values: { type: 'integer' } }
    }
  },
  Output: { properties: { kind: { enum: ['display', 'figure', 'result'] }, data: { values: { type: 'string' } } } },
  Symbolic: {
    properties: {
      score: { type: 'number' },
      methods: { items: { type: 'string' } },
      suspicious: { type: 'boolean', default: false },
      note: { type: 'string', default: '' },
      loops: { items: { type: 'integer' } },
      branches: { type: 'integer', default: 0 },
      complexity: { type: 'integer', default: 0 },
      endless: { items: { type: 'integer' } },
      partial: { type: 'boolean', default: false }
    }
  },
  SelfAnswer: {
    properties: {
      verdict: { enum: ['broken', 'fail', 'pass', 'unsure'] },
      reason: { type: 'string', default: '' },
      program: { type: 'string', default: '' },
      execution: { ref: 'Execution', nullable: true }
    }
  },
  Usage: {
    properties: {
      calls: { type: 'integer', default: 0 },
      input_tokens: { type: 'integer', default: 0 },
      cached_tokens: { type: 'integer', default: 0 },
      output_tokens: { type: 'integer', default: 0 },
      cost: { type: 'number', nullable: true }
    }
  },
  Timing: {
    properties: {
      started: { type: 'string', default: '' },
      began: { type: 'number', default: 0 },
      seconds: { type: 'number', default: 0 },
      first_token: { type: 'number', nullable: true },
      split: { values: { type: 'number' } }
    }
  },
  FinalAnswer: {
    properties: {
      text: { type: 'string' },
      result: { type: 'string', default: '' },
      round: { type: 'integer', default: 0 },
      code: { type: 'string', nullable: true }
    }
  },
  Support: {
    properties: {
      level: { enum: ['agreed', 'doubtful', 'executed', 'none', 'unchecked', 'verified'] },
      rounds: { items: { type: 'integer' } },
      note: { type: 'string', default: '' },
      decision: { ref: 'Decision', nullable: true }
    }
  },
  Bound: {
    properties: {
      name: { type: 'string' },
      type: { type: 'string', default: '' },
      error: { type: 'string', default: '' }
    }
  },
  Budget: {
    properties: {
      rounds: { type: 'integer', default: 5 },
      seconds: { type: 'number', nullable: true },
      tokens: { type: 'integer', nullable: true },
      cost: { type: 'number', nullable: true },
      output_mb: { type: 'number', nullable: true },
      hit: { enum: ['cost', 'output', 'rounds', 'seconds', 'tokens'], nullable: true }
    }
  },
  Failure: {
    properties: { code: { type: 'string' }, message: { type: 'string' }, cure: { type: 'string', default: '' } }
  }
};
