/** A program: line numbers, colours, copy and insert. */

import hljs from 'highlight.js/lib/core';
import python from 'highlight.js/lib/languages/python';

import { copyButton, insertButton } from './buttons.js';
import { el, morphChildren, type Part, setShown, setText } from './dom.js';
import type { Surroundings } from './options.js';
import type { StringName } from './strings.js';
import { visible } from './text.js';

hljs.registerLanguage('python', python);

/** Programs longer than this stay in one colour: colouring them would cost thousands of nodes. */
const LONGEST_COLOURED = 12_000;

export interface Program {
  readonly code: string;
  readonly language: string;
}

/** Draws one program; text that only grows is added to, so that it can stream and stay selected. */
export class CodeBlock implements Part<Program> {
  readonly node: HTMLElement;
  private readonly language = el('span', 'cs-code-language');
  private readonly lines = el('span', 'cs-code-lines');
  private readonly gutter = el('span', { class: 'cs-gutter', 'aria-hidden': 'true' });
  private readonly code = el('code');
  private program: Program = { code: '', language: '' };

  constructor(
    private readonly around: Surroundings,
    label: StringName = 'program'
  ) {
    const code = (): string => this.program.code;
    const buttons = [insertButton(around, code), copyButton(around, 'copyCode', code)];
    const named = { tabindex: '0', role: 'group', 'aria-label': around.language.say(label) };
    this.node = el(
      'div',
      'cs-code',
      el('div', 'cs-code-bar', this.language, this.lines, ...buttons),
      el('pre', named, this.gutter, this.code)
    );
  }

  update(program: Program): void {
    if (program.code === this.program.code && program.language === this.program.language) {
      return;
    }
    this.program = program;
    const shown = visible(program.code.replace(/\n+$/, ''));
    const lines = shown.split('\n').length;
    const isPython = /^(?:python|py|python3|)$/i.test(program.language);
    setText(this.language, isPython ? 'python' : program.language.slice(0, 20));
    setText(this.lines, this.around.language.plural('lines', lines));
    setShown(this.gutter, lines > 1);
    setText(this.gutter, Array.from({ length: lines }, (_, index) => index + 1).join('\n'));
    if (isPython && shown.length <= LONGEST_COLOURED) {
      morphChildren(this.code, coloured(shown));
    } else {
      setText(this.code, shown);
    }
  }
}

/** Returns the code as text and spans. The highlighter escapes what it is given and adds spans, nothing else. */
function coloured(code: string): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = hljs.highlight(code, { language: 'python', ignoreIllegals: true }).value;
  return template.content;
}
