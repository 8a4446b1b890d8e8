/** Reads an output's MIME bundle. Bundles come out of files and are hostile input: nothing here throws. */

import { isUnreadable, readRecord } from '@codesteer/view/parts/read.js';
import type { RunRecord } from '@codesteer/view/parts/record.js';
import { visible } from '@codesteer/view/parts/text.js';

import { language } from './language.js';

/** Larger records are not read: a writer keeps them below 256 kB. In bytes. */
export const LARGEST_RECORD = 16_000_000;
const LONGEST_PLAIN = 1_000;

/** The parts of an output by their MIME type. */
export interface Bundle {
  /** In bytes; 0 where it is not known. */
  readonly size: number;
  /** The record as it was written: an object, or JSON. */
  readonly record: () => unknown;
  readonly textOf: (mime: string) => string | null;
}

export type Reading =
  { readonly record: RunRecord } | { readonly problem: string; readonly cure: string; readonly plain: string };

/** Returns the record, or why it cannot be read. */
export function read(bundle: Bundle): Reading {
  const plain = (): string => visible(bundle.textOf('text/plain') ?? '', LONGEST_PLAIN);
  if (bundle.size > LARGEST_RECORD) {
    const problem = `This record is too large to be read (${Math.round(bundle.size / 1_000_000)} MB).`;
    return { problem, cure: language.say('replaceCure'), plain: plain() };
  }
  const record = readRecord(bundle.record());
  return isUnreadable(record)
    ? {
        problem: language.say(record.problem, { version: record.version }),
        cure: language.say(record.cure),
        plain: plain()
      }
    : { record };
}
