/** What a run cost: tokens, money, time, and where the time went. */

import { el, Keyed, type Part, setAttribute, setShown, setText } from './dom.js';
import type { RunRecord } from './record.js';
import { count, line, money, plural, seconds } from './text.js';
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
  private readonly legend = el('ul', { class: 'cs-legend', 'aria-label': 'Where the time went' });
  private readonly segments = new Keyed<Share>(
    this.bar,
    share => share.phase,
    () => new Segment()
  );
  private readonly entries = new Keyed<Share>(
    this.legend,
    share => share.phase,
    () => new Entry()
  );

  constructor() {
    this.node = el('footer', 'cs-cost', this.bar, this.legend, this.facts, this.models);
  }

  update(record: RunRecord): void {
    const shares = timeShares(record);
    this.segments.update(shares);
    this.entries.update(shares);
    setShown(this.bar, shares.length > 0);
    setShown(this.legend, shares.length > 0);
    setText(this.facts, costLine(record));
    setText(this.models, modelLine(record));
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

function costLine({ usage, timing, status, cut }: RunRecord): string {
  const facts = [`${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out`];
  if (usage.cached_tokens > 0) {
    facts.push(`${count(usage.cached_tokens)} from the cache`);
  }
  facts.push(
    plural(usage.calls, 'call'),
    usage.cost === null ? 'price unknown' : usage.cost === 0 ? 'no cost' : money(usage.cost)
  );
  if (status !== 'running' && timing.seconds > 0) {
    facts.push(seconds(timing.seconds));
  }
  if (cut > 0) {
    facts.push(`${count(cut)} bytes left out to keep the record small`);
  }
  return facts.join(' · ');
}

function modelLine({ models, config }: RunRecord): string {
  const { target, steerer, checker } = models;
  const same = target === steerer && target === checker;
  const names = same
    ? [line(target, 80)]
    : [
        target && `target ${line(target, 80)}`,
        steerer && `steerer ${line(steerer, 80)}`,
        checker && checker !== target && `checker ${line(checker, 80)}`
      ];
  return [...names, config.seed === null ? '' : `seed ${config.seed}`].filter(Boolean).join(' · ');
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

  constructor() {
    this.node.append(el('span', { class: 'cs-swatch', 'aria-hidden': 'true' }), this.name, this.time);
  }

  update({ phase, seconds: spent }: Share): void {
    setAttribute(this.node, 'data-phase', phase);
    setText(this.name, TIME[phase as keyof typeof TIME]);
    setText(this.time, seconds(spent));
  }
}
