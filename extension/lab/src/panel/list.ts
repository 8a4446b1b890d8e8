/** The list of runs: as many rows as can be seen, however many runs there are. */

import { el, icon, Keyed, type Part, setAttribute, setIcon, setShown, setText } from '@codesteer/view/parts/dom.js';
import { type Badge, type Facts, timeOf } from '@codesteer/view/parts/facts.js';
import type { Language } from '@codesteer/view/parts/language.js';

import type { AnyRun } from '../tokens.js';
import type { Words } from '../words.js';
import { rowFacts } from './rowFacts.js';

/** Every row has this height in pixels, so that the place of each is known without drawing it. */
const ROW = 74;
/** Rows drawn beyond both edges, for scrolling without gaps. */
const SPARE = 4;
const MOST_COMPARED = 2;

/** What a list tells. */
export interface Listener {
  /** The reader chose a run: it is to be shown in its notebook. */
  readonly onChoose: (run: AnyRun) => void;
  /** The reader wants to see the rounds of a run. */
  readonly onOpen: (run: AnyRun) => void;
  /** The chosen run or the compared ones are others now. */
  readonly onSelect: () => void;
  /** The end of the list is near. */
  readonly onEnd: () => void;
}

/** A list box: one chosen run, or two to compare (with Ctrl, Shift or the space bar). */
export class RunList {
  readonly node: HTMLElement;
  private readonly rows: Keyed<Row>;
  private runs: readonly AnyRun[] = [];
  private all = 0;
  private selected: string[] = [];
  private active = '';
  private height = 0;
  private readonly watcher: ResizeObserver | null;

  constructor(
    private readonly words: Words,
    private readonly language: Language,
    private readonly listener: Listener
  ) {
    const space = el('div', { class: 'jp-codesteer-space', role: 'presentation' });
    this.node = el(
      'div',
      {
        class: 'jp-codesteer-list',
        role: 'listbox',
        tabindex: '0',
        'aria-label': words.__('Runs'),
        'aria-multiselectable': 'true'
      },
      space
    );
    this.rows = new Keyed(
      space,
      ({ run }) => run.key,
      () => new RowPart()
    );
    this.node.addEventListener('scroll', () => {
      this.draw();
    });
    this.node.addEventListener('keydown', event => {
      this.onKey(event);
    });
    this.node.addEventListener('click', event => {
      const run = this.runAt(event.target);
      if (run) {
        this.choose(run, event.ctrlKey || event.metaKey || event.shiftKey);
      }
    });
    this.node.addEventListener('dblclick', event => {
      const run = this.runAt(event.target);
      if (run) {
        this.listener.onOpen(run);
      }
    });
    this.watcher =
      typeof ResizeObserver === 'undefined'
        ? null
        : new ResizeObserver(() => {
            this.height = this.node.clientHeight;
            this.draw();
          });
    this.watcher?.observe(this.node);
  }

  dispose(): void {
    this.watcher?.disconnect();
  }

  /** The chosen runs, in the order in which they were chosen. */
  get chosen(): AnyRun[] {
    return this.selected.flatMap(key => this.runs.find(run => run.key === key) ?? []);
  }

  /** Shows these runs, the first ones of `all`. */
  show(runs: readonly AnyRun[], all = runs.length): void {
    this.runs = runs;
    this.all = all;
    const present = new Set(runs.map(({ key }) => key));
    const before = this.selected.length;
    this.selected = this.selected.filter(key => present.has(key));
    if (!present.has(this.active)) {
      this.active = this.selected.at(-1) ?? runs[0]?.key ?? '';
    }
    this.rows.parent.style.height = `${runs.length * ROW}px`;
    this.draw();
    if (this.selected.length !== before) {
      this.listener.onSelect();
    }
  }

  /** Chooses a run without telling anybody but the panel. */
  select(run: AnyRun): void {
    this.selected = [run.key];
    this.active = run.key;
    this.reveal();
    this.listener.onSelect();
  }

  /** Brings the clocks of running runs up to date. */
  tick(): void {
    for (const part of this.rows.values()) {
      (part as RowPart).tick(this.language);
    }
  }

  private choose(run: AnyRun, isMore: boolean): void {
    this.active = run.key;
    if (isMore) {
      this.selected = this.selected.includes(run.key)
        ? this.selected.filter(key => key !== run.key)
        : [...this.selected, run.key].slice(-MOST_COMPARED);
    } else {
      this.selected = [run.key];
      this.listener.onChoose(run);
    }
    this.reveal();
    this.listener.onSelect();
  }

  private onKey(event: KeyboardEvent): void {
    const place = this.runs.findIndex(({ key }) => key === this.active);
    const run = this.runs[place];
    const page = Math.max(1, Math.floor(this.height / ROW) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.runs.length,
      End: this.runs.length
    };
    const step = steps[event.key];
    if (step !== undefined) {
      const next = this.runs[Math.min(this.runs.length - 1, Math.max(0, place + step))];
      this.active = next?.key ?? '';
      this.reveal();
    } else if (event.key === 'Enter' && run) {
      this.choose(run, false);
    } else if (event.key === ' ' && run) {
      this.choose(run, true);
    } else if (event.key === 'ArrowRight' && run) {
      this.listener.onOpen(run);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private reveal(): void {
    const top = this.runs.findIndex(({ key }) => key === this.active) * ROW;
    if (top >= 0 && top < this.node.scrollTop) {
      this.node.scrollTop = top;
    } else if (top + ROW > this.node.scrollTop + this.height && this.height > 0) {
      this.node.scrollTop = top + ROW - this.height;
    }
    this.draw();
  }

  private draw(): void {
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW) - SPARE);
    const last = Math.ceil((this.node.scrollTop + this.height) / ROW) + SPARE;
    const now = performance.now();
    const seen = this.runs.slice(first, last).map((run, place) => ({
      run,
      facts: rowFacts(run, this.words, this.language, now),
      place: first + place,
      all: this.all,
      isSelected: this.selected.includes(run.key),
      isActive: run.key === this.active
    }));
    this.rows.update(seen);
    const active = seen.find(({ isActive }) => isActive);
    setAttribute(this.node, 'aria-activedescendant', active ? idOf(active.place) : null);
    if (this.runs.length > 0 && last >= this.runs.length) {
      this.listener.onEnd();
    }
  }

  private runAt(target: EventTarget | null): AnyRun | undefined {
    const row = target instanceof Element ? target.closest<HTMLElement>('[role="option"]') : null;
    return row ? this.runs[Number(row.dataset.place)] : undefined;
  }
}

const idOf = (place: number): string => `jp-codesteer-row-${place}`;

interface Row {
  readonly run: AnyRun;
  readonly facts: Facts;
  readonly place: number;
  readonly all: number;
  readonly isSelected: boolean;
  readonly isActive: boolean;
}

class RowPart implements Part<Row> {
  readonly node: HTMLElement;
  private readonly picture = icon('dot');
  private readonly status = el('span', 'jp-codesteer-status');
  private readonly question = el('span', { class: 'jp-codesteer-question', dir: 'auto' });
  private readonly time = el('span', 'jp-codesteer-time');
  private readonly models = el('span', 'jp-codesteer-models');
  private readonly facts = el('span');
  private readonly badges: Keyed<Badge>;
  private run: AnyRun | undefined;

  constructor() {
    const badges = el('span', 'jp-codesteer-badges');
    this.badges = new Keyed(
      badges,
      ({ words }) => words,
      () => new BadgePart()
    );
    this.node = el(
      'div',
      { class: 'jp-codesteer-row', role: 'option' },
      el('div', 'jp-codesteer-line', this.picture, this.question),
      el('div', 'jp-codesteer-line jp-codesteer-muted', this.status, this.facts, this.time),
      el('div', 'jp-codesteer-line jp-codesteer-muted', badges, this.models)
    );
  }

  update({ run, facts, place, all, isSelected, isActive }: Row): void {
    this.run = run;
    setAttribute(this.node, 'id', idOf(place));
    setAttribute(this.node, 'data-place', String(place));
    setAttribute(this.node, 'data-tone', facts.status.tone);
    setAttribute(this.node, 'data-status', run.record.status);
    setAttribute(this.node, 'aria-posinset', String(place + 1));
    setAttribute(this.node, 'aria-setsize', String(all));
    setAttribute(this.node, 'aria-selected', String(isSelected));
    setAttribute(this.node, 'data-active', isActive ? 'true' : null);
    setAttribute(this.node, 'title', facts.question);
    this.node.style.transform = `translateY(${place * ROW}px)`;
    setIcon(this.picture, facts.status.icon);
    setText(this.status, facts.status.words);
    setText(this.question, facts.question);
    setText(this.time, facts.time);
    setText(this.facts, [facts.round, facts.cost].filter(Boolean).join(' · '));
    setText(this.models, facts.models);
    this.badges.update(facts.badges);
    setShown(this.badges.parent, facts.badges.length > 0);
  }

  tick(language: Language): void {
    if (this.run?.record.status === 'running') {
      setText(this.time, timeOf(this.run, language, performance.now()));
    }
  }
}

class BadgePart implements Part<Badge> {
  readonly node = el('span', 'jp-codesteer-badge');
  private readonly picture = icon('dot');
  private readonly words = el('span');

  constructor() {
    this.node.append(this.picture, this.words);
  }

  update({ tone, icon: name, words }: Badge): void {
    setAttribute(this.node, 'data-tone', tone);
    setIcon(this.picture, name);
    setText(this.words, words);
  }
}
