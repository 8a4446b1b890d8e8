/** What the reader thinks of the steering in a round: two buttons, one of them pressed or none. */

import { iconButton, needs } from './buttons.js';
import { el, type Part, setAttribute, setShown, setText } from './dom.js';
import type { Rating, Surroundings } from './options.js';

/** A round and what is known to be thought of it. */
export interface Rated {
  readonly round: number;
  readonly rating: Rating | null;
  /** Only what has ended can be judged. */
  readonly complete: boolean;
}

/** Draws the two buttons. A click shows at once and is taken back when it could not be kept. */
export class RatingPart implements Part<Rated> {
  readonly node = el('div', { class: 'cs-rating', role: 'group' });
  private readonly buttons: Readonly<Record<Rating, HTMLButtonElement>>;
  private readonly told = el('span', { class: 'cs-muted', role: 'status' });
  private round = 0;
  private known: Rating | null = null;
  private given: Rating | null = null;

  constructor(private readonly around: Surroundings) {
    const make = (rating: Rating, words: 'rateGood' | 'rateBad'): HTMLButtonElement =>
      iconButton(rating, around.language.say(words), () => {
        this.rate(rating);
      });
    this.buttons = { good: make('good', 'rateGood'), bad: make('bad', 'rateBad') };
    this.press(null);
    this.node.append(
      needs(el('span', 'cs-rating-buttons', this.buttons.good, this.buttons.bad), 'rate', around),
      this.told
    );
  }

  update({ round, rating, complete }: Rated): void {
    this.round = round;
    setAttribute(this.node, 'aria-label', this.around.language.say('rate', { round }));
    setShown(this.node, complete && this.around.actions.rate !== undefined);
    if (rating !== this.given) {
      this.given = rating;
      this.press(rating);
    }
  }

  private press(rating: Rating | null): void {
    this.known = rating;
    for (const [name, node] of Object.entries(this.buttons)) {
      setAttribute(node, 'aria-pressed', String(name === rating));
    }
  }

  private rate(clicked: Rating): void {
    const before = this.known;
    const rating = clicked === before ? null : clicked;
    this.press(rating);
    setText(this.told, '');
    Promise.resolve()
      .then(() => this.around.actions.rate?.(this.round, rating))
      .catch(() => {
        this.press(before);
        setText(this.told, this.around.language.say('notRated'));
      });
  }
}
