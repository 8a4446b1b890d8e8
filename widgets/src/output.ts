/** What a program printed and displayed, as a notebook would show it. */

import { coloured, isColoured } from './ansi.js';
import { safeChart } from './chart.js';
import { el, icon, Keyed, morphChildren, type Part, setAttribute, setIcon, setShown, setText } from './dom.js';
import type { Language } from './language.js';
import type { Surroundings } from './options.js';
import type { Execution, Output } from './record.js';
import { sanitise } from './sanitise.js';
import { line, printed } from './text.js';
import { ofExecution } from './words.js';

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'] as const;
/** More outputs than this are counted, not drawn. */
const MOST_OUTPUTS = 40;
/** Longest markup of one output. */
const LONGEST_HTML = 200_000;
/** Pixels of an image; a screen has eight million. */
const MOST_PIXELS = 50_000_000;

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
    const shown = printed(text).replace(/\n+$/, '');
    setShown(node, shown !== '');
    if (isColoured(shown)) {
      morphChildren(node, coloured(shown));
    } else {
      setText(node, shown);
    }
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
  private readonly stdout: Stream;
  private readonly stderr: Stream;
  private readonly outputs: Keyed<Output>;
  private readonly error = el('p', 'cs-error');
  private readonly traceback: Stream;
  private readonly folded: HTMLElement;
  private readonly note = el('p', 'cs-muted');

  constructor(private readonly around: Surroundings) {
    const { language } = around;
    this.stdout = new Stream('cs-stdout', language.say('printed'));
    this.stderr = new Stream('cs-stderr', language.say('errorStream'));
    this.traceback = new Stream('cs-stderr', language.say('traceback'));
    this.folded = el('details', 'cs-fold', el('summary', {}, language.say('traceback')), this.traceback.node);
    const rich = el('div', 'cs-outputs');
    this.outputs = new Keyed(
      rich,
      (_, index) => String(index),
      () => new OutputPart(around)
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
    const { language } = this.around;
    setText(this.words, language.say(words));
    setText(this.facts, facts(execution, language));
    this.stdout.update(execution.stdout);
    this.stderr.update(execution.stderr);
    this.outputs.update(execution.outputs.slice(0, MOST_OUTPUTS));
    setText(this.error, line(execution.error, 400));
    setShown(this.error, execution.error !== '');
    this.traceback.update(execution.traceback);
    setShown(this.folded, execution.traceback !== '');
    const note = cutNote(execution, language);
    setText(this.note, note);
    setShown(this.note, note !== '');
  }
}

function facts(execution: Execution, language: Language): string {
  const known: string[] = [];
  if (execution.limit) {
    known.push(language.say('limit', { limit: line(execution.limit, 60) }));
  }
  if (execution.status && !execution.limit) {
    known.push(language.seconds(execution.seconds));
  }
  if (execution.peak_mb !== null) {
    known.push(language.say('megabytes', { n: language.count(execution.peak_mb) }));
  }
  if (execution.tier) {
    known.push(language.say('isolation', { tier: line(execution.tier, 60) }));
  }
  return known.join(' · ');
}

function cutNote(execution: Execution, language: Language): string {
  const left = Object.entries(execution.cut)
    .filter(([, characters]) => characters > 0)
    .map(([stream, characters]) => language.plural('cut', characters, { stream: line(stream, 20) }));
  const more = execution.outputs.length - MOST_OUTPUTS;
  return [...left, ...(more > 0 ? [language.plural('moreOutputs', more)] : [])].join(' · ');
}

/** Draws the richest form of one output that is safe. */
class OutputPart implements Part<Output> {
  readonly node = el('div', 'cs-output');
  private drawn = '';

  constructor(private readonly around: Surroundings) {}

  update({ data }: Output): void {
    const types = Object.keys(data);
    const isChart = (type: string): boolean => type.endsWith('+json');
    const known = [types.find(isChart), ...IMAGES, 'text/html', 'text/plain'];
    const type = known.find(candidate => candidate !== undefined && candidate in data) ?? types[0] ?? '';
    const value = data[type] ?? '';
    const key = `${type}\n${value}`;
    if (key !== this.drawn) {
      this.drawn = key;
      const plain = data['text/plain'] ?? '';
      const picture = IMAGES.find(candidate => candidate in data);
      const chart = isChart(type) ? this.chart(type, value) : null;
      if (chart) {
        this.node.replaceChildren(chart);
      } else if (isChart(type) && picture) {
        this.node.replaceChildren(this.draw(picture, data[picture] ?? '', plain));
      } else {
        this.node.replaceChildren(this.draw(type, value, plain));
      }
    }
  }

  private chart(type: string, value: string): HTMLElement | null {
    const chart = safeChart(type, value);
    return chart && (this.around.chart?.(type, chart) ?? null);
  }

  private draw(type: string, value: string, plain: string): Node {
    const { language } = this.around;
    if (type.startsWith('image/')) {
      return image(type, value, plain, language) ?? note(language.say('leftOut', { kind: line(type, 60) }));
    }
    if (type.endsWith('+json')) {
      const kind = line(type.replace(/^application\/(?:vnd\.)?|\+json$/g, ''), 40);
      return note([language.say('chart', { kind }), line(plain, 120)].filter(Boolean).join(' · '));
    }
    if (type === 'text/html' && value.length <= LONGEST_HTML) {
      const fragment = sanitise(value, language);
      if (fragment && fragment.textContent.trim() !== '') {
        const named = { tabindex: '0', role: 'group', 'aria-label': language.say('table') };
        const table = el('div', { class: 'cs-html', ...named });
        table.append(fragment);
        return table;
      }
    }
    const stream = new Stream('cs-stdout', language.say('output'));
    stream.update(type === 'text/html' && plain ? plain : value);
    return stream.node;
  }
}

function note(words: string): HTMLElement {
  return el('p', 'cs-muted', words);
}

/** Returns an image made from data alone; SVG too is only ever an image, where its scripts do not run. */
function image(type: string, value: string, plain: string, language: Language): HTMLElement | null {
  let url: string;
  if (type === 'image/svg+xml') {
    if (!value.includes('<svg')) {
      return null;
    }
    url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(value.replace(/[\ud800-\udfff]/gu, '\ufffd'))}`;
  } else {
    const base64 = value.replace(/\s+/g, '');
    if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
      return null;
    }
    const [width, height] = type === 'image/png' ? sizeOfPng(base64) : [0, 0];
    if (width * height > MOST_PIXELS) {
      return note(language.say('hugeImage', { width: language.count(width), height: language.count(height) }));
    }
    url = `data:${type};base64,${base64}`;
  }
  return el('img', { src: url, alt: line(plain, 160) || language.say('image'), decoding: 'async' });
}

/** Width and height that a PNG says it has; it could unpack to far more than it takes itself. */
function sizeOfPng(base64: string): [number, number] {
  const head = atob(base64.slice(0, 32).padEnd(32, 'A'));
  const number = (at: number): number => [0, 1, 2, 3].reduce((sum, step) => sum * 256 + head.charCodeAt(at + step), 0);
  return [number(16), number(20)];
}
