// Generated from docs/troubleshooting.md by `npm run types`; do not edit.

/** What each error code means, and what to do, in Markdown. */
export const TROUBLES: ReadonlyMap<string, string> = new Map([
  [
    'bad_input',
    '`BadInput`: a value, an option or a file cannot be used as it is.\n\n**What to do.** The message names it and says what would do. `%codesteer help`, `codesteer help`, and `--help` after `bench`, `train`, `symbench` and `serve` list what there is; all options.'
  ],
  [
    'empty_prompt',
    '`EmptyPrompt`: the cell, or the words after `codesteer solve`, hold no question.\n\n**What to do.** Write the question below the `%%codesteer` line, or in quotes behind the command.'
  ],
  [
    'unknown_name',
    '`UnknownName`: there is no such option, command, variable, run, task, method or dialect.\n\n**What to do.** The message suggests the nearest name. For a run, `codesteer runs` lists them; a beginning of its name is enough, and `last` is the newest. For a variable, run the cell that makes it first.'
  ],
  [
    'unknown_model',
    "`UnknownModel`: the model's provider does not exist, or its endpoint says that it has no such model.\n\n**What to do.** Names are `provider/model`: `codesteer models` lists what can be named, `codesteer models --endpoints` what servers have. An address is given after an at sign: `openai/NAME@http://host:8000/v1`. See names (`docs/models.md`)."
  ],
  [
    'bad_config',
    "`BadConfig`: a file of settings, aliases or profiles, or the administrator's, holds something that cannot be.\n\n**What to do.** The message names the file and the place; `codesteer config` lists all files that count. Mend the line, or move the file away. A key never belongs in such a file, only the name of its variable. See configuration (`docs/configuration.md`)."
  ],
  [
    'not_allowed',
    '`NotAllowed`: the administrator of this machine does not allow the model, host, limit or isolation that was asked for.\n\n**What to do.** The message names the file. Choose what it allows (`codesteer config` shows the limits), or ask whoever keeps it. See limits of the administrator (`docs/configuration.md`).'
  ],
  [
    'offline',
    '`Offline`: offline mode is on, and somebody beyond this machine would have been asked.\n\n**What to do.** Use an embedded model, or a server on this machine; or switch offline mode off: leave `CODESTEER_OFFLINE` out, or set `c.CodeSteer.offline = False`. See privacy (`docs/privacy.md`).'
  ],
  [
    'held_back',
    '`HeldBack`: a dry run reached a request to a model. It was shown, and nothing was sent.\n\n**What to do.** Nothing; leave `--dry-run` out to ask.'
  ],
  [
    'missing_dependency',
    "`MissingDependency`: what was asked for needs a package that is optional and not installed.\n\n**What to do.** Run the `pip install 'codesteer[...]'` of the message in the kernel's environment, then restart the kernel."
  ],
  [
    'broken_plugin',
    '`BrokenPlugin`: a distribution that adds a provider of models cannot be imported, fails, or claims a name that is taken.\n\n**What to do.** The message names the distribution: update it, uninstall it, or tell its authors. See plug-ins (`docs/models.md`).'
  ],
  [
    'missing_key',
    '`MissingKey`: the provider wants an API key, and none was found in the environment, in the keyring, or typed.\n\n**What to do.** Set the variable that the message names before the kernel starts, or store the key once with `keyring set codesteer VARIABLE`. In a notebook the cell asks for it. See keys (`docs/models.md`).'
  ],
  [
    'authentication_failed',
    "`AuthenticationFailed`: the endpoint was reached and refused the key.\n\n**What to do.** See whether the key is whole, not expired, and of this provider. A key in the environment wins over one in the keyring. An endpoint that is given by address gets `CODESTEER_ENDPOINT_KEY`, never the provider's key."
  ],
  [
    'out_of_credit',
    "`OutOfCredit`: the account behind the key has nothing left to spend. Waiting does not help, so nothing was asked again.\n\n**What to do.** See the provider's billing page, or use another model: the embedded ones cost nothing."
  ],
  [
    'rate_limited',
    '`RateLimited`: the endpoint asked to slow down, for longer than we wait, or after all repetitions.\n\n**What to do.** Wait as long as the message says. Where many runs share a key, bound them all together: `CODESTEER_QUOTA_OPENAI="in_flight=4 requests=50"`. See how fast, how often, how long (`docs/hosted.md`).'
  ],
  [
    'overloaded',
    '`Overloaded`: the endpoint has more work than it can do, also after repetitions.\n\n**What to do.** Try later, or name another model.'
  ],
  [
    'endpoint_unreachable',
    "`EndpointUnreachable`: nothing answered at the address. The message says what failed: the look-up of the name, the connection, the certificate, the proxy, or a redirect (which is never followed).\n\n**What to do.** For a server of yours: does it run, at that port, and does its address end in `/v1`? Behind a proxy set `HTTPS_PROXY`, and `NO_PROXY` for what is near. A certificate of a company's own goes into `SSL_CERT_FILE`."
  ],
  [
    'model_timeout',
    '`ModelTimeout`: the endpoint took longer than one of our limits: to connect, to its first word, between two words, or in all.\n\n**What to do.** Try again. A large model on a slow machine may need its limits raised by an alias: `limits = { first_token = 600 }`, see your own names (`docs/models.md`).'
  ],
  [
    'broken_answer',
    '`BrokenAnswer`: an answer ended in its middle, or cannot be read. What had streamed is not asked for twice unless you say so.\n\n**What to do.** Run the cell again; `--repeat-partial` has such calls made again by themselves.'
  ],
  [
    'context_overflow',
    "`ContextOverflow`: the question with its summaries and rounds is longer than the model's window; where it is known, both are given in tokens.\n\n**What to do.** Ask more narrowly, hand fewer variables in, use `--schema-only`, or name a model with a larger window."
  ],
  [
    'model_error',
    '`ModelError`: the endpoint answered with an error of another kind; its own words stand in the message.\n\n**What to do.** Read them: mostly an option that this model does not take. `codesteer models check NAME` tries it alone.'
  ],
  [
    'queue_full',
    '`QueueFull`: a host of ours has as many requests waiting as it may have.\n\n**What to do.** Clients of ours wait and ask again by themselves. On the host raise `--queue`, or `--slots`, or start another one.'
  ],
  [
    'replay_mismatch',
    '`ReplayMismatch`: a run that is replayed took another turn than its record; the message names the call.\n\n**What to do.** Give what the run was given: the same question, variables, `--checker`, `--faithful` and no more rounds. See replay (`docs/models.md`).'
  ],
  [
    'weights_missing',
    "`WeightsMissing`: the weights are not here, and no source delivered them; each source's own fault is in the message.\n\n**What to do.** `codesteer models pull NAME` fetches them and goes on where it broke off. Without a network put the file where the message says. Behind a mirror set `HF_ENDPOINT`. See the embedded models (`docs/embedded.md`)."
  ],
  [
    'weights_corrupt',
    '`WeightsCorrupt`: a file of weights has another size or hash than it should have. It was deleted and is named.\n\n**What to do.** Pull it again. When that repeats, the source (a mirror, a proxy that changes files) is at fault, or the disk.'
  ],
  [
    'out_of_memory',
    '`OutOfMemory`: the model needs more memory than is free. Both numbers are in the message, and what would fit.\n\n**What to do.** Take the smaller model that is named, close what fills the memory, or for `hf/` models add `?quantize=4bit`. `codesteer status` shows which models are loaded; unused ones go after two minutes.'
  ],
  [
    'cache_not_writable',
    '`CacheNotWritable`: the folder for weights, runs or a report cannot be written: its rights, or a full disk.\n\n**What to do.** Free some room, or name another folder with `CODESTEER_CACHE` (weights, logs) or `CODESTEER_HOME` (runs).'
  ],
  [
    'executor_error',
    '`ExecutorError`: the kernel that runs programs could not be started, was lost by no fault of a program, or a wall that was demanded cannot be had here.\n\n**What to do.** `codesteer doctor` starts one and tells which isolation there is. A floor comes from `CodeSteer.isolation`, `CODESTEER_TIER_FLOOR` or the administrator; what can be had where is in security (`docs/security.md`).'
  ],
  [
    'session_lost',
    '`SessionLost`: cells that keep their names ended with their process, and what they had made is gone.\n\n**What to do.** `restart()` the session and run the first cells again. The message says how it ended: out of time, out of memory, or by itself.'
  ],
  [
    'no_answer',
    'The run ended, and nothing of it can be used as an answer: no program printed anything, or the steerer gave up.\n\n**What to do.** Look at the rounds. Ask with more `--rounds`, a larger `--target`, or one thing at a time.'
  ],
  [
    'budget_exhausted',
    '`BudgetExhausted`: a budget (rounds, seconds, tokens, dollars, output) is used up. A run then ends as `exhausted` with the best answer that it has, and says which budget it was.\n\n**What to do.** Raise that one: `--rounds`, `--timeout`, `--tokens`, `--cost`, `--max-output`.'
  ],
  [
    'interrupted',
    '`RunInterrupted`: the cell was interrupted. It is an error only so that *Run All* does not go on; the run is kept.\n\n**What to do.** Nothing. `codesteer.last` has what was found, `%codesteer rerun last` asks again.'
  ],
  [
    'job_halted',
    '`JobHalted`: several attempts of an evaluation in a row failed for a reason that will not go away by itself.\n\n**What to do.** Mend what the message says (mostly a key, an address, memory), then `codesteer bench resume DIR --retry-failed`. What is finished is kept.'
  ],
  [
    'cluster_failed',
    '`ClusterFailed`: the Ray cluster cannot be reached, has no node with what an actor needs, or its actors die when they start.\n\n**What to do.** Compare what you reserve (`--ray-cpus`, `--ray-gpus`, `--ray-resource`) with what the nodes have; see that all run the same version, with their keys in their own environment. See several machines (`docs/evaluation.md`).'
  ],
  [
    'worker_lost',
    "`WorkerLost`: the processes that worked on one item died, each time it was tried. The item is given up, the others go on.\n\n**What to do.** See the cluster's logs, mostly for memory; `--retry-failed` makes it again."
  ],
  [
    'tuning_failed',
    "`TuningFailed`: the loss of some rows, or a step's gradient, is no number any more; the message names the step and the rows.\n\n**What to do.** Look at the rows, lower the learning rate, or compute in float32 (`--set dtype=float32`). The last checkpoint is from before."
  ],
  [
    'internal',
    'A defect of ours stopped the run. The record is kept, with what it had.\n\n**What to do.** Please report it with the record (`codesteer export RUN --format json`), which holds no key.'
  ],
  [
    'error',
    '`CodeSteerError`: a fault without a kind of its own; the base of all others.\n\n**What to do.** The message has it.'
  ]
]);
