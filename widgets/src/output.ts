/** What a program printed and displayed, as a notebook would show it. */

import { el, icon, Keyed, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import type { Execution, Output } from './record.js';
import { sanitise } from './sanitise.js';
import { count, line, plural, seconds, visible } from './text.js';
import { ofExecution } from './words.js';

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'] as const;
/** More outputs than this are counted, not drawn. */
const MOST_OUTPUTS = 40;
/** Longest markup of one output. */
const LONGEST_HTML = 200_000;

/** A stretch of plain output that scrolls in itself and follows its end while the reader is there. */
export class Stream implements Part<string> {
  readonly node: HTMLElement;
  private shown = '';

  constructor(className: string, label: string) {
    this.node = el('pre', { class: `cs-stream ${className}`, tabindex: '0', role: 'group', 'aria-label': label });
    this.node.hidden = true;
  }

  update(text: string): void {
    if (text === this.shown) {
      return;
    }
    this.shown = text;
    const { node } = this;
    const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 8;
    const shown = visible(text).replace(/\n+$/, '');
    setShown(node, shown !== '');
    setText(node, shown);
    if (atEnd) {
      node.scrollTop = node.scrollHeight;
    }
  }
}

/** Draws one execution. */
export class ExecutionPart implements Part<Execution> {
  readonly node: HTMLElement;
  private readonly picture = icon('dot');
  private readonly words = el('span', 'cs-strong');
  private readonly facts = el('span', 'cs-muted');
  private readonly verdict = el('p', 'cs-line', this.picture, this.words, this.facts);
  private readonly stdout = new Stream('cs-stdout', 'Printed output');
  private readonly stderr = new Stream('cs-stderr', 'Error stream');
  private readonly outputs: Keyed<Output>;
  private readonly error = el('p', 'cs-error');
  private readonly traceback = new Stream('cs-stderr', 'Traceback');
  private readonly folded = el('details', 'cs-fold', el('summary', {}, 'Traceback'), this.traceback.node);
  private readonly note = el('p', 'cs-muted');

  constructor() {
    const rich = el('div', 'cs-outputs');
    this.outputs = new Keyed(
      rich,
      (_, index) => String(index),
      () => new OutputPart()
    );
    this.node = el(
      'div',
      'cs-execution',
      ...[this.verdict, this.stdout.node, rich, this.stderr.node, this.error, this.folded, this.note]
    );
  }

  update(execution: Execution): void {
    const { tone, icon: name, words } = ofExecution(execution);
    setAttribute(this.verdict, 'data-tone', tone);
    setIcon(this.picture, name);
    setText(this.words, words);
    setText(this.facts, facts(execution));
    this.stdout.update(execution.stdout);
    this.stderr.update(execution.stderr);
    this.outputs.update(execution.outputs.slice(0, MOST_OUTPUTS));
    setText(this.error, line(execution.error, 400));
    setShown(this.error, execution.error !== '');
    this.traceback.update(execution.traceback);
    setShown(this.folded, execution.traceback !== '');
    const note = cutNote(execution);
    setText(this.note, note);
    setShown(this.note, note !== '');
  }
}

function facts(execution: Execution): string {
  const known: string[] = [];
  if (execution.limit) {
    known.push(`limit: ${line(execution.limit, 60)}`);
  }
  if (execution.status && !execution.limit) {
    known.push(seconds(execution.seconds));
  }
  if (execution.peak_mb !== null) {
    known.push(`${count(execution.peak_mb)} MB`);
  }
  if (execution.tier) {
    known.push(`isolation: ${line(execution.tier, 60)}`);
  }
  return known.join(' · ');
}

function cutNote(execution: Execution): string {
  const left = Object.entries(execution.cut)
    .filter(([, characters]) => characters > 0)
    .map(([stream, characters]) => `${plural(characters, 'character')} of ${line(stream, 20)} left out`);
  const more = execution.outputs.length - MOST_OUTPUTS;
  return [...left, ...(more > 0 ? [`${plural(more, 'more output')} not shown`] : [])].join(' · ');
}

/** Draws the richest form of one output that is safe. */
class OutputPart implements Part<Output> {
  readonly node = el('div', 'cs-output');
  private drawn = '';

  update({ data }: Output): void {
    const type =
      [...IMAGES, 'text/html', 'text/plain'].find(candidate => candidate in data) ?? Object.keys(data)[0] ?? '';
    const value = data[type] ?? '';
    const key = `${type}\n${value}`;
    if (key !== this.drawn) {
      this.drawn = key;
      this.node.replaceChildren(draw(type, value, data['text/plain'] ?? ''));
    }
  }
}

function draw(type: string, value: string, plain: string): Node {
  if (type.startsWith('image/')) {
    return image(type, value, plain) ?? el('p', 'cs-muted', `[${type} left out]`);
  }
  if (type === 'text/html' && value.length <= LONGEST_HTML) {
    const fragment = sanitise(value);
    if (fragment && fragment.textContent.trim() !== '') {
      const table = el('div', { class: 'cs-html', tabindex: '0', role: 'group', 'aria-label': 'Output table' });
      table.append(fragment);
      return table;
    }
  }
  const stream = new Stream('cs-stdout', 'Output');
  stream.update(type === 'text/html' && plain ? plain : value);
  return stream.node;
}

/** Returns an image made from data alone; SVG too is only ever an image, where its scripts do not run. */
function image(type: string, value: string, plain: string): HTMLImageElement | null {
  let url: string;
  if (type === 'image/svg+xml') {
    if (!value.includes('<svg')) {
      return null;
    }
    url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(value)}`;
  } else {
    const base64 = value.replace(/\s+/g, '');
    if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
      return null;
    }
    url = `data:${type};base64,${base64}`;
  }
  return el('img', { src: url, alt: line(plain, 160) || 'Image made by the program' });
}
