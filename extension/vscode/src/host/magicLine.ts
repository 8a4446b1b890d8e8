/** What can come next in the first line of a `%%codesteer` cell, and what its words mean. */

import { MAGIC } from '@codesteer/view/parts/cellText.js';

import { COMMANDS, MODELS, type Option, optionOf, OPTIONS, takesValue } from './options.js';

/** Something that can be typed next, instead of what stands from `from` to the cursor. */
export interface Suggestion {
  readonly text: string;
  readonly from: number;
  readonly kind: 'option' | 'value' | 'command';
  readonly about: string;
}

/** Where values are looked for that depend on the notebook. */
export interface Names {
  /** Models that were used in it. */
  readonly models: readonly string[];
  /** Its runs, the newest first. */
  readonly runs: readonly string[];
}

const LINE = '%codesteer';
const BEGINNING = new RegExp(`^\\s*(?:${MAGIC}|(?:[\\w.,\\s]+=\\s*)?${LINE})(?=\\s)`);

/** Returns what can follow `before`, the part of the line that stands before the cursor. */
export function suggestions(before: string, names: Names): Suggestion[] {
  const begun = BEGINNING.exec(before)?.[0];
  if (begun === undefined) {
    return [];
  }
  const piece = /\S*$/.exec(before)?.[0] ?? '';
  const from = before.length - piece.length;
  const done = before.slice(begun.length, from).split(/\s+/).filter(Boolean);
  return begun.endsWith(MAGIC) ? inCell(done, piece, from, names) : inLine(done, piece, from, names);
}

/** The option at this place of a `%%codesteer` line, with the place of its name. */
export function optionAt(line: string, column: number): { option: Option; start: number; end: number } | null {
  if (!line.trimStart().startsWith(MAGIC)) {
    return null;
  }
  for (const { 0: word, 1: name = '', index } of line.matchAll(/(-{1,2}[\w-]+)(?:=\S*)?/g)) {
    const option = optionOf(name);
    if (option && index <= column && column <= index + word.length && /\s/.test(line[index - 1] ?? '')) {
      return { option, start: index, end: index + name.length };
    }
  }
  return null;
}

/** What the help says of an option, in one line. */
export function told({ help, default: otherwise }: Option): string {
  return otherwise === '' ? help : `${help} (default: ${otherwise})`;
}

function inCell(done: readonly string[], piece: string, from: number, names: Names): Suggestion[] {
  const before = optionOf(done.at(-1) ?? '');
  if (before && takesValue(before)) {
    return valuesOf(before, piece, from, names);
  }
  const equals = piece.indexOf('=');
  const named = equals > 0 ? optionOf(piece.slice(0, equals)) : undefined;
  if (named) {
    return valuesOf(named, piece.slice(equals + 1), from + equals + 1, names);
  }
  return OPTIONS.map(
    option => ({ text: option.names[0] ?? '', from, kind: 'option', about: told(option) }) as const
  ).filter(({ text }) => text.startsWith(piece));
}

function inLine(done: readonly string[], piece: string, from: number, { runs }: Names): Suggestion[] {
  const command = COMMANDS.find(({ name }) => name === done[0]);
  const found: Omit<Suggestion, 'from'>[] =
    done.length === 0
      ? COMMANDS.map(({ name, help }) => ({ text: name, kind: 'command', about: help }))
      : command?.takes === 'run'
        ? ['last', ...runs].map(text => ({ text, kind: 'value', about: '' }))
        : [];
  return found.filter(({ text }) => text.startsWith(piece)).map(one => ({ ...one, from }));
}

function valuesOf(option: Option, typed: string, start: number, { models, runs }: Names): Suggestion[] {
  // Of several values with commas between them the last is completed.
  const comma = option.kind === 'list' ? typed.lastIndexOf(',') + 1 : 0;
  const piece = typed.slice(comma);
  const known: readonly string[] =
    option.choices.length > 0
      ? option.choices
      : [
          ...option.suggests,
          ...(option.completes === 'model' ? [...models, ...MODELS] : []),
          ...(option.completes === 'run' ? ['last', ...runs] : [])
        ];
  return [...new Set(known)]
    .filter(text => text.startsWith(piece))
    .map(text => ({ text, from: start + comma, kind: 'value', about: option.help }));
}
