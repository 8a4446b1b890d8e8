/** `%%codesteer` cells as text: what is written for the reader is what one would have typed. */

/** What such a cell begins with. */
export const MAGIC = '%%codesteer';

/** What a new run is to be. Empty and null mean: as the kernel does by default. */
export interface Draft {
  readonly prompt: string;
  readonly target: string;
  readonly steerer: string;
  readonly inputs: readonly string[];
  readonly rounds: number | null;
  readonly seconds: number | null;
  readonly tokens: number | null;
  /** In US dollars. */
  readonly cost: number | null;
}

export const BLANK: Draft = {
  prompt: '',
  target: '',
  steerer: '',
  inputs: [],
  rounds: null,
  seconds: null,
  tokens: null,
  cost: null
};

/** Writes the cell. */
export function written({ prompt, target, steerer, inputs, rounds, seconds, tokens, cost }: Draft): string {
  const options: [string, string | number | null][] = [
    ['--target', target.trim()],
    ['--steerer', steerer.trim()],
    ['--in', inputs.join(',')],
    ['--rounds', rounds],
    ['--timeout', seconds],
    ['--tokens', tokens],
    ['--cost', cost]
  ];
  const given = options.filter(([, value]) => value !== '' && value !== null);
  const words = given.map(([name, value]) => `${name} ${quoted(String(value))}`);
  return `${[MAGIC, ...words].join(' ')}\n${prompt.trim()}`;
}

/** One word of the magic's line, which is read like a shell's. */
function quoted(word: string): string {
  const flat = word.replace(/\s+/g, ' ');
  return /^[\w@%+=:,./~-]+$/.test(flat) ? flat : `'${flat.replaceAll("'", `'"'"'`)}'`;
}

/** Whether a cell is the question itself, rather than a command that shows a run. */
export function asks(source: string): boolean {
  return firstLine(source).startsWith(MAGIC);
}

/** The cell that goes on from a run with the reader's words, under the options of the cell that asked. */
export function continuing(source: string, run: string, words: string): string {
  const options = asks(source)
    ? firstLine(source)
        .slice(MAGIC.length)
        .replace(/\s--continue(?:\s+|=)\S+/, '')
        .trim()
    : '';
  return `${[MAGIC, options, `--continue ${run}`].filter(Boolean).join(' ')}\n${words}`;
}

/** The cell that asks the question of a run again, where its own cell is no longer there. */
export const rerunning = (run: string): string => `%codesteer rerun ${run}`;

/** A run's name, where it can stand in a cell; else empty. */
export const nameIn = (id: string): string => (/^[\w-]{1,80}$/.test(id) ? id : '');

const firstLine = (source: string): string => source.trimStart().split('\n', 1)[0] ?? '';
