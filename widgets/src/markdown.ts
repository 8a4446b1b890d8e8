/** Markdown that may still be growing: blocks already drawn keep their nodes. */

import { Marked, type Token } from 'marked';

import { CodeBlock } from './code.js';
import { el, morphChildren, type Part, setText } from './dom.js';
import { FORMULAS, typesetIn } from './math.js';
import type { Surroundings } from './options.js';
import { sanitise } from './sanitise.js';
import { visible } from './text.js';

/** Longer texts are drawn as they are, unformatted. */
const LONGEST = 50_000;
/** While text grows, blocks before the last two cannot change any more. */
const UNSETTLED = 2;

const marked = new Marked(FORMULAS, {
  gfm: true,
  breaks: true,
  renderer: { checkbox: ({ checked }) => (checked ? '☑ ' : '☐ ') }
});

interface Block {
  readonly raw: string;
  readonly part: MarkupBlock | CodeBlock | null;
}

class MarkupBlock implements Part<Token> {
  readonly node = el('div', 'cs-block');
  private isTypeset = false;

  constructor(private readonly around: Surroundings) {}

  update(token: Token): void {
    const fragment = sanitise(marked.parser([token]), this.around.language);
    if (!fragment) {
      setText(this.node, visible(token.raw));
    } else if (this.isTypeset) {
      // A typesetter has put its own nodes in.
      this.node.replaceChildren(fragment);
    } else {
      morphChildren(this.node, fragment);
    }
    this.isTypeset = false;
  }

  /** Draws the formulas of a block that does not change any more. */
  settle(): void {
    if (!this.isTypeset) {
      this.isTypeset = true;
      typesetIn(this.node, this.around.typeset);
    }
  }
}

/** Text to draw, and whether it has come to its end. */
export interface MarkdownText {
  readonly text: string;
  readonly complete: boolean;
}

/** Draws Markdown. */
export class Markdown implements Part<MarkdownText> {
  readonly node = el('div', 'cs-markdown');
  private readonly plain = el('pre', 'cs-plain');
  private text: string | null = null;
  private blocks: Block[] = [];

  constructor(private readonly around: Surroundings) {}

  update({ text: source, complete }: MarkdownText): void {
    const text = source.replace(/\r\n?/g, '\n');
    if (text !== this.text) {
      if (text.length > LONGEST) {
        setText(this.plain, visible(text));
        this.node.replaceChildren(this.plain);
        this.blocks = [];
      } else {
        this.draw(text, this.text !== null && text.startsWith(this.text));
      }
      this.text = text;
    }
    for (const { part } of complete ? this.blocks : this.blocks.slice(0, -UNSETTLED)) {
      if (part instanceof MarkupBlock) {
        part.settle();
      }
    }
  }

  private draw(text: string, grown: boolean): void {
    let settled = grown ? this.blocks.slice(0, Math.max(0, this.blocks.length - UNSETTLED)) : [];
    const before = settled.map(block => block.raw).join('');
    if (!text.startsWith(before)) {
      settled = [];
    }
    const blocks = [...settled];
    for (const token of lex(settled.length > 0 ? text.slice(before.length) : text)) {
      blocks.push(this.block(token, this.blocks[blocks.length]));
    }
    this.blocks = blocks;
    const nodes = blocks.flatMap(({ part }) => (part ? [part.node] : []));
    nodes.forEach((node, index) => {
      const place = this.node.childNodes[index];
      if (place !== node) {
        this.node.insertBefore(node, place ?? null);
      }
    });
    while (this.node.childNodes.length > nodes.length) {
      this.node.lastChild?.remove();
    }
  }

  private block(token: Token, old: Block | undefined): Block {
    if (old?.raw === token.raw) {
      return old;
    }
    if (token.type === 'space' || token.type === 'def') {
      return { raw: token.raw, part: null };
    }
    if (token.type === 'code') {
      const part = old?.part instanceof CodeBlock ? old.part : new CodeBlock(this.around);
      const { text, lang } = token as Token & { text: string; lang?: string };
      part.update({ code: text, language: lang ?? '' });
      return { raw: token.raw, part };
    }
    const part = old?.part instanceof MarkupBlock ? old.part : new MarkupBlock(this.around);
    part.update(token);
    return { raw: token.raw, part };
  }
}

function lex(text: string): Token[] {
  try {
    return marked.lexer(text);
  } catch {
    // A parser that gives up must not take the view with it.
    return [{ type: 'code', raw: text, text, lang: 'text' }];
  }
}
