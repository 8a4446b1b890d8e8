/** The options of a `%%codesteer` cell, as the kernel side knows them. */

import data from '../../data/options.json';

/** One option. `names` are as typed, the long one first; `value` is empty for those that take none. */
export interface Option {
  readonly names: readonly string[];
  readonly group: string;
  readonly help: string;
  readonly kind: string;
  readonly value: string;
  readonly default: string;
  readonly choices: readonly string[];
  readonly suggests: readonly string[];
  /** What its values are looked for among: models, runs, ... */
  readonly completes: string;
}

/** One command of `%codesteer`. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly help: string;
  readonly takes: string;
}

/** The headings of the groups. */
export const GROUPS: Readonly<Record<string, string>> = data.groups;
export const OPTIONS: readonly Option[] = data.options;
export const COMMANDS: readonly Command[] = data.commands;
/** Names of models, and beginnings of names (which end in a slash). Any other name is taken as well. */
export const MODELS: readonly string[] = data.models;

const TAKERS: ReadonlySet<string> = new Set(['text', 'int', 'float', 'list']);

/** Whether a value follows the option. */
export const takesValue = ({ kind }: Option): boolean => TAKERS.has(kind);

/** The option of this name, as typed. */
export const optionOf = (name: string): Option | undefined => OPTIONS.find(({ names }) => names.includes(name));
