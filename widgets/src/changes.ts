/** What a program has that the one of the round before had not, and the other way round. */

import { type DiffLine, difference } from './difference.js';
import { el, type Part, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';
import { visible } from './text.js';

const LONGEST = 20_000;

/** Two programs, and the round of the first. */
export interface Change {
  readonly before: string;
  readonly after: string;
  readonly round: number;
}

/** Draws the changes as a fold; they are worked out once for each pair of programs. */
export class ChangesPart implements Part<Change> {
  readonly node = el('details', 'cs-fold cs-changes');
  private readonly words = el('span');
  private readonly added = el('ins', 'cs-count');
  private readonly removed = el('del', 'cs-count');
  private readonly lines: HTMLElement;
  private known: Change = { before: '', after: '', round: 0 };

  constructor(private readonly around: Surroundings) {
    this.lines = el('pre', { class: 'cs-diff', tabindex: '0', role: 'group' });
    this.node.append(el('summary', {}, this.words, ' ', this.added, ' ', this.removed), this.lines);
  }

  update(change: Change): void {
    const { before, after, round } = change;
    if (before === this.known.before && after === this.known.after && round === this.known.round) {
      return;
    }
    this.known = change;
    const { language } = this.around;
    const rows = compared(before, after);
    const count = (sign: string): number => rows?.filter(row => row.sign === sign).length ?? 0;
    const [added, removed] = [count('+'), count('-')];
    const words = rows === null ? 'rewritten' : added + removed === 0 ? 'sameProgram' : 'changes';
    setText(this.words, language.say(words, { round }));
    setText(this.added, added > 0 ? `+${language.count(added)}` : '');
    setText(this.removed, removed > 0 ? `−${language.count(removed)}` : '');
    this.lines.setAttribute('aria-label', language.say('changes', { round }));
    setShown(this.lines, added + removed > 0);
    this.lines.replaceChildren(...(rows ?? []).map(drawn));
  }
}

/** Programs longer than this have been rewritten rather than changed. */
function compared(before: string, after: string): DiffLine[] | null {
  return before.length > LONGEST || after.length > LONGEST ? null : difference(before, after);
}

function drawn({ sign, text }: DiffLine): HTMLElement {
  const tag = sign === '+' ? 'ins' : sign === '-' ? 'del' : 'span';
  const shown = sign === '-' ? '−' : sign;
  return el(tag, 'cs-diff-line', `${shown} ${visible(text, 2_000)}\n`);
}
