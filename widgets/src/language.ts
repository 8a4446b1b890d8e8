/** The reader's language: the view's words translated, numbers and times as people write them. */

import { type PluralName, PLURALS, type StringName, STRINGS } from './strings.js';

/**
 * Returns `english` in the reader's language; what has no translation comes back as it is. Texts that depend on a
 * number are asked for with the form for several (`plural`) and the number.
 */
export type Translate = (english: string, plural?: string, count?: number) => string;

type Values = Readonly<Record<string, string | number>>;

const inEnglish: Translate = (one, several, count) => (several === undefined || count === 1 ? one : several);

/** Speaks for one view. */
export class Language {
  constructor(
    private readonly translate: Translate = inEnglish,
    private readonly locale = 'en-US'
  ) {}

  /** The words of this name, with `values` in their places. */
  say(name: StringName, values: Values = {}): string {
    return filled(this.translate(STRINGS[name]), values);
  }

  /** The words of this name for `n` things. */
  plural(name: PluralName, n: number, values: Values = {}): string {
    const [one, several] = PLURALS[name];
    return filled(this.translate(one, several, n), { n: this.count(n), ...values });
  }

  /** 1234567 as 1,234,567. */
  count(value: number): string {
    return Math.round(value).toLocaleString(this.locale);
  }

  /** Seconds as people say them: 0.21 s, 4.2 s, 38 s, 2 min 05 s. */
  seconds(value: number): string {
    const positive = Math.max(0, value);
    if (positive >= 9.95) {
      return this.wholeSeconds(positive);
    }
    const digits = positive < 0.995 ? 2 : 1;
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return this.say('seconds', { n: positive.toLocaleString(this.locale, form) });
  }

  /** Seconds of a running clock, without fractions that would flicker. */
  wholeSeconds(value: number): string {
    const whole = Math.max(0, Math.round(value));
    const two = (part: number): string => String(part).padStart(2, '0');
    if (whole < 60) {
      return this.say('seconds', { n: whole });
    }
    if (whole < 3600) {
      return this.say('minutes', { minutes: Math.floor(whole / 60), seconds: two(whole % 60) });
    }
    return this.say('hours', { hours: Math.floor(whole / 3600), minutes: two(Math.floor((whole % 3600) / 60)) });
  }

  /** US dollars with the digits that matter. */
  money(value: number): string {
    return value < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`;
  }

  /** A probability in per cent. */
  percent(value: number): string {
    return `${Math.round(Math.min(1, Math.max(0, value)) * 100)}%`;
  }
}

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place
  );
}
