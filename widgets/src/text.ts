/** Text as people may see it: bounded, with nothing hidden in it; and numbers in their units. */

/** Longest text drawn as such; more is cut in the middle, with a count. */
const LONGEST = 100_000;

// Colour codes and other terminal control sequences.
// eslint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// Characters that reorder or hide what stands around them: a program must not look other than it is.
const INVISIBLE = /[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** Returns `text` without terminal codes, its invisible characters named, cut in the middle when very long. */
export function visible(text: string, longest: number = LONGEST): string {
  return cut(text, longest)
    .replace(ANSI, '')
    .replace(INVISIBLE, character => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) {
    return text;
  }
  const head = Math.floor((longest * 2) / 3);
  const tail = longest - head;
  return `${text.slice(0, head)}\n[… ${count(text.length - longest)} characters not shown …]\n${text.slice(-tail)}`;
}

/** One line of at most `longest` characters. */
export function line(text: string, longest = 120): string {
  const flat = visible(text.slice(0, 4 * longest))
    .replace(/\s+/g, ' ')
    .trim();
  return flat.length > longest ? `${flat.slice(0, longest - 1)}…` : flat;
}

/** 1234567 as 1,234,567. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Seconds as people say them: 0.21 s, 4.2 s, 38 s, 2 min 05 s. */
export function seconds(value: number): string {
  const positive = Math.max(0, value);
  if (positive < 0.995) {
    return `${positive.toFixed(2)} s`;
  }
  if (positive < 9.95) {
    return `${positive.toFixed(1)} s`;
  }
  return wholeSeconds(positive);
}

/** Seconds of a running clock, without fractions that would flicker. */
export function wholeSeconds(value: number): string {
  const whole = Math.max(0, Math.round(value));
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  }
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** US dollars with the digits that matter. */
export function money(value: number): string {
  return value < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`;
}

/** A probability in per cent. */
export function percent(value: number): string {
  return `${Math.round(Math.min(1, Math.max(0, value)) * 100)}%`;
}

/** "1 round", "3 rounds". */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}
