/** The few DOM helpers of the view. All of them compare before they touch, so a repeated update changes nothing. */

/** A piece of the view: one element, kept current in place. */
export interface Part<T> {
  readonly node: HTMLElement;
  update(value: T): void;
}

type Child = Node | string;

/** Creates an element: `el('p', 'cs-note', 'text')`, `el('button', { class: 'x', type: 'button' })`. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: string | Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  const named = typeof attributes === 'string' ? { class: attributes } : attributes;
  for (const [name, value] of Object.entries(named)) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/**
 * Creates a heading. Not an `h4` or its like: JupyterLab's table of contents takes those for headings of the notebook's
 * own text and writes numbers into them.
 */
export function heading(level: number, className: string, ...children: Child[]): HTMLElement {
  return el('div', { class: className, role: 'heading', 'aria-level': String(level) }, ...children);
}

/** Sets the text of a node; text that only grew is appended, which keeps the reader's selection. */
export function setText(node: Node, text: string): void {
  const { firstChild } = node;
  if (firstChild instanceof Text && firstChild === node.lastChild) {
    growText(firstChild, text);
  } else {
    node.textContent = text;
  }
}

function growText(node: CharacterData, text: string): void {
  const { data } = node;
  if (text === data) {
    return;
  }
  if (data !== '' && text.startsWith(data)) {
    node.appendData(text.slice(data.length));
  } else {
    node.data = text;
  }
}

/** Sets or (with null) removes an attribute. */
export function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== value) {
    node.setAttribute(name, value);
  }
}

/** Shows or hides an element. */
export function setShown(node: HTMLElement, shown: boolean): void {
  if (node.hidden === shown) {
    node.hidden = !shown;
  }
}

/** Makes `parent` hold the parts of `items`, in order: parts of known keys are updated, others made or dropped. */
export class Keyed<T> {
  private readonly parts = new Map<string, Part<T>>();

  constructor(
    readonly parent: HTMLElement,
    private readonly key: (item: T, index: number) => string,
    private readonly create: (item: T) => Part<T>
  ) {}

  update(items: readonly T[]): void {
    const kept = new Set<string>();
    items.forEach((item, index) => {
      const key = this.key(item, index);
      if (kept.has(key)) {
        return;
      }
      kept.add(key);
      let part = this.parts.get(key);
      if (!part) {
        part = this.create(item);
        this.parts.set(key, part);
      }
      part.update(item);
      const place = this.parent.children[kept.size - 1];
      if (place !== part.node) {
        this.parent.insertBefore(part.node, place ?? null);
      }
    });
    for (const [key, part] of this.parts) {
      if (!kept.has(key)) {
        part.node.remove();
        this.parts.delete(key);
      }
    }
  }

  /** The parts that are shown, oldest first. */
  values(): Iterable<Part<T>> {
    return this.parts.values();
  }
}

/** Changes the children of `target` into those of `source` with as few changes as a walk in order finds. */
export function morphChildren(target: Node, source: Node): void {
  let old = target.firstChild;
  for (let fresh = source.firstChild; fresh;) {
    const next = fresh.nextSibling;
    if (!old) {
      target.appendChild(fresh);
    } else {
      const following: ChildNode | null = old.nextSibling;
      morph(old, fresh);
      old = following;
    }
    fresh = next;
  }
  while (old) {
    const following: ChildNode | null = old.nextSibling;
    old.remove();
    old = following;
  }
}

function morph(old: ChildNode, fresh: ChildNode): void {
  if (old instanceof Text && fresh instanceof Text) {
    growText(old, fresh.data);
  } else if (old instanceof Element && fresh instanceof Element && old.tagName === fresh.tagName) {
    for (const { name } of Array.from(old.attributes)) {
      if (!fresh.hasAttribute(name)) {
        old.removeAttribute(name);
      }
    }
    for (const { name, value } of Array.from(fresh.attributes)) {
      setAttribute(old, name, value);
    }
    morphChildren(old, fresh);
  } else {
    old.replaceWith(fresh);
  }
}

const SVG = 'http://www.w3.org/2000/svg';

/** Icons as paths on a 16 x 16 grid, drawn with strokes. */
const ICONS = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4.5 4.5l7 7m0-7l-7 7',
  warn: 'M8 2.5l6 11H2zM8 6.5v3m0 2v.01',
  dash: 'M4 8h8',
  question: 'M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1v.5m0 2.5v.01',
  copy: 'M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z',
  insert: 'M8 3v7m-3-3l3 3 3-3M3 13.5h10',
  stop: 'M4.5 4.5h7v7h-7z',
  clock: 'M8 1.8a6.2 6.2 0 1 0 .01 0M8 4.5V8l2.5 1.5',
  dot: 'M8 6a2 2 0 1 0 .01 0',
  chevron: 'M6 3.5L10.5 8 6 12.5',
  find: 'M7 2.6a4.4 4.4 0 1 0 .01 0M10.3 10.3l3.4 3.4',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  unfold: 'M4.5 6L8 2.5 11.5 6M4.5 10L8 13.5l3.5-3.5',
  fold: 'M4.5 2.5L8 6l3.5-3.5M4.5 13.5L8 10l3.5 3.5',
  open: 'M9.2 2.5h4.3v4.3M13.2 2.8L7.6 8.4M11.2 9.4v4.1H2.5V4.8h4.1',
  again: 'M12.8 6A5.2 5.2 0 1 0 13.2 9M13 2.6V6h-3.4',
  forward: 'M3 8h9.5M8.8 4.2L12.6 8l-3.8 3.8',
  good: 'M2.5 7.2h2.3v6H2.5zM4.8 7.2L7.4 2.4c1.2 0 1.7.9 1.5 2L8.5 6.6h4c.8 0 1.2.7 1 1.4l-1.3 4.4c-.2.5-.6.8-1.1.8H4.8',
  bad: 'M2.5 8.8h2.3v-6H2.5zM4.8 8.8l2.6 4.8c1.2 0 1.7-.9 1.5-2l-.4-2.2h4c.8 0 1.2-.7 1-1.4L12.2 3.6c-.2-.5-.6-.8-1.1-.8H4.8'
} as const;

export type IconName = keyof typeof ICONS;

/** Creates a decorative icon; what it means must stand beside it in words. */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'cs-icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  setIcon(svg, name);
  return svg;
}

/** Changes the picture of an icon. */
export function setIcon(svg: SVGElement, name: IconName): void {
  if (svg.dataset.name !== name) {
    svg.dataset.name = name;
    svg.firstElementChild?.setAttribute('d', ICONS[name]);
  }
}
