/** Find: marks what matches in the whole run, folded or not, and goes from match to match. Changes no node of the run. */

import { iconButton } from './buttons.js';
import { el, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';

const MOST_MATCHES = 1_000;
/** While a run grows, matches are looked for again this often at most. */
const PAUSE_MS = 300;
// Names of the document's highlights: only the view whose find is open uses them.
const ALL = 'cs-find';
const CURRENT = 'cs-find-current';
/** Text within one of these is one text, whatever colours divide it. */
const WHOLE = 'code, pre, p, li, td, th, blockquote, summary, .cs-block, .cs-line, div';
const SILENT = '[hidden], .cs-hidden, .cs-gutter, .cs-find, button, svg';

/** The find bar of one view. */
export class Find {
  readonly node: HTMLElement;
  private readonly field: HTMLInputElement;
  private readonly place = el('span', { class: 'cs-muted cs-find-place', role: 'status' });
  private ranges: Range[] = [];
  private current = -1;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param root - where to look.
   * @param reveal - opens what `node` is folded away in.
   */
  constructor(
    private readonly around: Surroundings,
    private readonly root: HTMLElement,
    private readonly reveal: (node: Element) => void,
    private readonly closed: () => void
  ) {
    const { language } = around;
    this.field = el('input', { type: 'search', class: 'cs-field', 'aria-label': language.say('findLabel') });
    this.field.placeholder = language.say('findLabel');
    this.field.addEventListener('input', () => {
      this.current = -1;
      this.look();
      this.go(1);
    });
    this.node = el(
      'div',
      { class: 'cs-find', role: 'search' },
      this.field,
      this.place,
      iconButton('up', language.say('findPrevious'), () => {
        this.go(-1);
      }),
      iconButton('down', language.say('findNext'), () => {
        this.go(1);
      }),
      iconButton('cross', language.say('findClose'), () => {
        this.close();
      })
    );
    this.node.hidden = true;
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.close();
      } else if (event.key === 'Enter' && event.target === this.field) {
        this.go(event.shiftKey ? -1 : 1);
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
  }

  get isOpen(): boolean {
    return !this.node.hidden;
  }

  open(): void {
    setShown(this.node, true);
    this.field.focus();
    this.field.select();
    this.look();
  }

  close(): void {
    setShown(this.node, false);
    this.clear();
    this.closed();
  }

  /** Looks again, because the run has grown. */
  refresh(): void {
    if (this.isOpen && this.field.value !== '') {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.look();
      }, PAUSE_MS);
    }
  }

  dispose(): void {
    this.clear();
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.ranges.length > 0) {
      highlights()?.delete(ALL);
      highlights()?.delete(CURRENT);
    }
    this.ranges = [];
    this.current = -1;
  }

  private look(): void {
    const before = this.current;
    this.clear();
    const wanted = this.field.value.toLowerCase();
    this.ranges = wanted === '' ? [] : matches(this.root, wanted);
    this.current = Math.min(before, this.ranges.length - 1);
    if (this.ranges.length > 0) {
      highlights()?.set(ALL, new Highlight(...this.ranges));
    }
    this.tell();
  }

  private go(step: number): void {
    const all = this.ranges.length;
    if (all === 0) {
      return;
    }
    this.current = this.current < 0 ? (step > 0 ? 0 : all - 1) : (this.current + step + all) % all;
    const node = this.ranges[this.current]?.startContainer.parentElement;
    if (node) {
      this.reveal(node);
      node.scrollIntoView({ block: 'nearest' });
    }
    this.tell();
  }

  private tell(): void {
    const { language } = this.around;
    const all = this.ranges.length;
    const values = { place: language.count(this.current + 1), all: language.count(all) };
    const words = all === 0 ? 'findNone' : all >= MOST_MATCHES ? 'findMany' : 'findPlace';
    setText(this.place, this.field.value === '' ? '' : language.say(words, values));
    const range = this.ranges[this.current];
    if (range) {
      highlights()?.set(CURRENT, new Highlight(range));
    }
  }
}

function highlights(): HighlightRegistry | undefined {
  return (globalThis as { CSS?: { highlights?: HighlightRegistry } }).CSS?.highlights;
}

function matches(root: HTMLElement, wanted: string): Range[] {
  const found: Range[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, node =>
    node instanceof Element
      ? node.matches(SILENT)
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_SKIP
      : NodeFilter.FILTER_ACCEPT
  );
  let whole: Element | null = null;
  let texts: Text[] = [];
  const search = (): void => {
    const text = texts.map(node => node.data.toLowerCase()).join('');
    for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST_MATCHES;) {
      found.push(rangeOf(texts, at, at + wanted.length));
      at = text.indexOf(wanted, at + wanted.length);
    }
    texts = [];
  };
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const container = (node as Text).parentElement?.closest(WHOLE) ?? null;
    if (container !== whole) {
      search();
      whole = container;
    }
    texts.push(node as Text);
  }
  search();
  return found;
}

function rangeOf(texts: readonly Text[], from: number, to: number): Range {
  const range = document.createRange();
  let before = 0;
  for (const text of texts) {
    const end = before + text.length;
    if (from >= before && from < end) {
      range.setStart(text, from - before);
    }
    if (to > before && to <= end) {
      range.setEnd(text, to - before);
      break;
    }
    before = end;
  }
  return range;
}
