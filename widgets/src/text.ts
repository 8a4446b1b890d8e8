/** Text as people may see it: bounded, with nothing hidden in it. */

/** Longest text drawn as such; more is cut in the middle, with a count. */
const LONGEST = 100_000;
/** Longest line; browsers take very long to break one that has no place to break. */
const LONGEST_LINE = 5_000;

// Terminal control sequences; and those of them that only set a colour or a weight.
// eslint-disable-next-line no-control-regex
const CONTROLS = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex
const STYLE = /^\u001b\[[0-9;]*m$/;
// Control characters, and those that reorder or hide what stands around them: a program must not look other than it is.
const INVISIBLE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Returns `text` without terminal codes, its invisible characters named, cut in the middle when very long. */
export function visible(text: string, longest: number = LONGEST): string {
  return named(cut(text, longest).replace(CONTROLS, '').replace(/\r\n?/g, '\n'));
}

/** {@link visible} for what a terminal would show: codes that colour stay, and a bar that was redrawn stands once. */
export function printed(text: string): string {
  const shown = cut(text, LONGEST);
  const plain = shown.includes('\r') ? shown.split('\n').map(overwritten).join('\n') : shown;
  return named(plain.replace(CONTROLS, code => (STYLE.test(code) ? code : '')));
}

/** What is left of a line in which the cursor went back to its beginning and wrote over it. */
function overwritten(text: string): string {
  const end = text.endsWith('\r') ? text.slice(0, -1) : text;
  return end.slice(end.lastIndexOf('\r') + 1);
}

function named(text: string): string {
  return text.replace(
    INVISIBLE,
    character => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`
  );
}

function cut(text: string, longest: number): string {
  const whole = shortened(text, longest, '\n');
  return whole.length > LONGEST_LINE
    ? whole
        .split('\n')
        .map(one => shortened(one, LONGEST_LINE, ' '))
        .join('\n')
    : whole;
}

function shortened(text: string, longest: number, around: string): string {
  if (text.length <= longest) {
    return text;
  }
  const head = Math.floor((longest * 2) / 3);
  const tail = longest - head;
  const note = `[… ${(text.length - longest).toLocaleString('en-US')} characters not shown …]`;
  return [text.slice(0, head), note, text.slice(-tail)].join(around);
}

/** One line of at most `longest` characters. */
export function line(text: string, longest = 120): string {
  const flat = visible(text.slice(0, 4 * longest).replace(/\s+/g, ' ')).trim();
  return flat.length > longest ? `${flat.slice(0, longest - 1)}…` : flat;
}
