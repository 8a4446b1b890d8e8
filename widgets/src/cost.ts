/** What a run cost: tokens, money, time, and where the time went. */

import { el, Keyed, type Part, setAttribute, setShown, setText } from './dom.js';
import type { Language } from './language.js';
import type { Surroundings } from './options.js';
import type { RunRecord } from './record.js';
import { line } from './text.js';
import { TIME } from './words.js';

interface Share {
  readonly phase: string;
  readonly seconds: number;
  /** Part of the whole, 0 to 1. */
  readonly part: number;
}

/** Shares smaller than this are not drawn: they would be slivers without a meaning. */
const SMALLEST_PART = 0.005;

/** Draws the cost line with its bar. */
export class CostPart implements Part<RunRecord> {
  readonly node: HTMLElement;
  private readonly facts = el('p', 'cs-facts');
  private readonly models = el('p', 'cs-muted');
  private readonly bar = el('div', { class: 'cs-bar', 'aria-hidden': 'true' });
  private readonly legend: HTMLElement;
  private readonly segments = new Keyed<Share>(
    this.bar,
    share => share.phase,
    () => new Segment()
  );
  private readonly entries: Keyed<Share>;

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    this.legend = el('ul', { class: 'cs-legend', 'aria-label': language.say('whereTime') });
    this.entries = new Keyed<Share>(
      this.legend,
      share => share.phase,
      () => new Entry(language)
    );
    this.node = el('footer', 'cs-cost', this.bar, this.legend, this.facts, this.models);
  }

  update(record: RunRecord): void {
    const shares = timeShares(record);
    this.segments.update(shares);
    this.entries.update(shares);
    setShown(this.bar, shares.length > 0);
    setShown(this.legend, shares.length > 0);
    const { language } = this.around;
    setText(this.facts, costLine(record, language));
    setText(this.models, modelLine(record, language));
    setShown(this.node, record.usage.calls > 0);
  }
}

function timeShares({ timing }: RunRecord): Share[] {
  const known = Object.keys(TIME).filter(phase => (timing.split[phase] ?? 0) > 0);
  const whole = known.reduce((sum, phase) => sum + (timing.split[phase] ?? 0), 0);
  return known
    .map(phase => ({ phase, seconds: timing.split[phase] ?? 0, part: (timing.split[phase] ?? 0) / whole }))
    .filter(({ part }) => part >= SMALLEST_PART);
}

function costLine({ usage, timing, status, cut }: RunRecord, language: Language): string {
  const { input_tokens: input, output_tokens: output, cached_tokens: cached, calls, cost } = usage;
  const facts = [language.say('tokens', { input: language.count(input), output: language.count(output) })];
  if (cached > 0) {
    facts.push(language.say('cached', { tokens: language.count(cached) }));
  }
  facts.push(
    language.plural('calls', calls),
    cost === null ? language.say('noPrice') : cost === 0 ? language.say('noCost') : language.money(cost)
  );
  if (status !== 'running' && timing.seconds > 0) {
    facts.push(language.seconds(timing.seconds));
  }
  if (cut > 0) {
    facts.push(language.plural('bytesCut', cut));
  }
  return facts.join(' · ');
}

function modelLine({ models, config }: RunRecord, language: Language): string {
  const { target, steerer, checker } = models;
  const same = target === steerer && target === checker;
  const named = (words: 'target' | 'steererModel' | 'checkerModel', model: string): string =>
    model && language.say(words, { model: line(model, 80) });
  const names = same
    ? [line(target, 80)]
    : [
        named('target', target),
        named('steererModel', steerer),
        checker === target ? '' : named('checkerModel', checker)
      ];
  const seed = config.seed === null ? '' : language.say('seed', { seed: config.seed });
  return [...names, seed].filter(Boolean).join(' · ');
}

class Segment implements Part<Share> {
  readonly node = el('div', 'cs-segment');

  update({ phase, part }: Share): void {
    setAttribute(this.node, 'data-phase', phase);
    this.node.style.flexGrow = part.toFixed(4);
  }
}

class Entry implements Part<Share> {
  readonly node = el('li', 'cs-legend-entry');
  private readonly name = el('span');
  private readonly time = el('span', 'cs-time');

  constructor(private readonly language: Language) {
    this.node.append(el('span', { class: 'cs-swatch', 'aria-hidden': 'true' }), this.name, this.time);
  }

  update({ phase, seconds: spent }: Share): void {
    setAttribute(this.node, 'data-phase', phase);
    setText(this.name, this.language.say(TIME[phase as keyof typeof TIME]));
    setText(this.time, this.language.seconds(spent));
  }
}
