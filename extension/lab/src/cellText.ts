/** A `%%codesteer` cell as text: what the composer writes is what one would have typed. */

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
  return `${['%%codesteer', ...words].join(' ')}\n${prompt.trim()}`;
}

/** One word of the magic's line, which is read like a shell's. */
function quoted(word: string): string {
  const flat = word.replace(/\s+/g, ' ');
  return /^[\w@%+=:,./~-]+$/.test(flat) ? flat : `'${flat.replaceAll("'", `'"'"'`)}'`;
}
