/** Formulas in Markdown: kept from Markdown's own rules, drawn by the host's typesetter where there is one. */

import type { MarkedExtension, TokenizerAndRendererExtension } from 'marked';

/** Longer formulas stay as they were written: typesetters take their time. */
const LONGEST = 3_000;
// Commands that make links, load packages or touch the page: a typesetter must not see them.
const UNSAFE =
  /\\(?:href|url|class|cssId|style|html\w*|data|require|includegraphics|unicode|bbox|def|gdef|edef|xdef|let|newcommand|renewcommand|newenvironment|input|loop|csname|catcode|special|toggle|tooltip|texttip|mathtip|action|enclose|mmlToken)(?![a-zA-Z])/;

const INLINE = /^(?:\$(?![\s$])((?:\\[^\n]|[^\\$\n])*?[^\s\\$]|[^\s\\$])\$(?!\d)|\\\(((?:[^\\\n]|\\(?![()]))+)\\\))/;
const BLOCK = /^(?:\$\$((?:[^$\\]|\\[^]|\$(?!\$))+?)\$\$|\\\[((?:[^\\]|\\(?![[\]]))+)\\\])[ \t]*(?:\n+|$)/;

const escaped = (text: string): string => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);

const inline: TokenizerAndRendererExtension = {
  name: 'formula',
  level: 'inline',
  start: source => {
    const at = source.search(/\$|\\\(/);
    return at < 0 ? undefined : at;
  },
  tokenizer: source => {
    const found = INLINE.exec(source) ?? /^\$\$([^$\n]+)\$\$/.exec(source);
    const text = found?.[1] ?? found?.[2];
    return found && text ? { type: 'formula', raw: found[0], text } : undefined;
  },
  renderer: token => `<span class="cs-math">${escaped(String(token.text).trim())}</span>`
};

const block: TokenizerAndRendererExtension = {
  name: 'formulas',
  level: 'block',
  start: source => {
    const at = source.search(/(?:^|\n)(?:\$\$|\\\[)/);
    return at < 0 ? undefined : at;
  },
  tokenizer: source => {
    const found = BLOCK.exec(source);
    const text = found?.[1] ?? found?.[2];
    return found && text ? { type: 'formulas', raw: found[0], text } : undefined;
  },
  renderer: token => `<div class="cs-math">${escaped(String(token.text).trim())}</div>`
};

/** Lets Markdown know formulas between dollars, `\(` and `\)`, `\[` and `\]`. */
export const FORMULAS: MarkedExtension = { extensions: [inline, block] };

/** Hands the formulas in `node` to the typesetter. Call it once, when the text has come to its end. */
export function typesetIn(node: HTMLElement, typeset: ((node: HTMLElement) => unknown) | undefined): void {
  if (!typeset) {
    return;
  }
  for (const formula of node.querySelectorAll<HTMLElement>('.cs-math')) {
    const tex = formula.textContent;
    if (tex.length <= LONGEST && !UNSAFE.test(tex) && !/\\[()[\]]/.test(tex)) {
      formula.textContent = formula.tagName === 'DIV' ? `\\[${tex}\\]` : `\\(${tex}\\)`;
      Promise.resolve()
        .then(() => typeset(formula))
        .then(
          () => {
            formula.dataset.typeset = 'true';
          },
          () => {
            formula.textContent = tex;
          }
        );
    }
  }
}

interface MathJax {
  readonly typesetPromise?: (nodes: HTMLElement[]) => unknown;
  readonly Hub?: { readonly Queue: (task: unknown[]) => unknown };
}

/** The page's own MathJax, of version 2 or later, where it has one. */
export function pageTypesetter(): ((node: HTMLElement) => unknown) | undefined {
  const mathJax = (globalThis as { MathJax?: MathJax }).MathJax;
  if (mathJax?.typesetPromise) {
    return node => mathJax.typesetPromise?.([node]);
  }
  const hub = mathJax?.Hub;
  return hub && (node => hub.Queue(['Typeset', hub, node]));
}
