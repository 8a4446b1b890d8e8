/** The rounds at a glance: one chip each, in order, like a timeline. */

import { el, icon, Keyed, type Part, setAttribute, setIcon, setText } from './dom.js';
import { roundTime, type RoundState } from './round.js';
import type { Surroundings } from './options.js';
import { ofRound } from './words.js';

/** Draws the strip; `open` is called with the index of the round whose chip was clicked. */
export class Strip implements Part<readonly RoundState[]> {
  readonly node: HTMLElement;
  private readonly chips: Keyed<RoundState>;

  constructor(
    private readonly around: Surroundings,
    open: (index: number) => void
  ) {
    this.node = el('ol', { class: 'cs-strip', 'aria-label': around.language.say('rounds') });
    this.chips = new Keyed(
      this.node,
      state => String(state.round.index),
      ({ round }) =>
        new Chip(this.around, () => {
          open(round.index);
        })
    );
  }

  update(states: readonly RoundState[]): void {
    this.chips.update(states);
  }

  /** Brings the clocks up to date. */
  tick(): void {
    for (const chip of this.chips.values()) {
      (chip as Chip).tick();
    }
  }
}

class Chip implements Part<RoundState> {
  readonly node = el('li', 'cs-chip-item');
  private readonly picture = icon('dot');
  private readonly chip = el('button', { type: 'button', class: 'cs-chip' });
  private readonly number = el('span', 'cs-chip-number');
  private readonly kind = el('span', 'cs-chip-kind');
  private readonly outcome = el('span', 'cs-hidden');
  private readonly time = el('span', 'cs-time');
  private state: RoundState | undefined;

  constructor(
    private readonly around: Surroundings,
    onClick: () => void
  ) {
    this.chip.append(this.picture, this.number, this.kind, this.outcome, this.time);
    this.chip.addEventListener('click', onClick);
    this.node.append(this.chip);
  }

  update(state: RoundState): void {
    this.state = state;
    const { tone, icon: name, words } = ofRound(state.round, state.live);
    setAttribute(this.node, 'data-tone', tone);
    setIcon(this.picture, name);
    const { language } = this.around;
    const told = language.say('roundOutcome', { round: state.round.index, outcome: language.say(words) });
    setText(this.number, String(state.round.index));
    setText(this.kind, language.say(state.round.decision.kind));
    setText(this.outcome, ` ${told} `);
    setAttribute(this.chip, 'title', told);
    setAttribute(this.chip, 'aria-current', state.selected ? 'true' : null);
    this.tick();
  }

  tick(): void {
    if (this.state) {
      setText(this.time, roundTime(this.state, this.around));
    }
  }
}
