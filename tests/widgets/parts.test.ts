/** What the view can do beyond drawing: find, compare, colour, typeset, rate, go on, in any language. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { coloured } from '../../widgets/src/ansi.js';
import { safeChart } from '../../widgets/src/chart.js';
import { createRunView, type RunRecord, type RunView, type RunViewOptions } from '../../widgets/src/index.js';
import { Language } from '../../widgets/src/language.js';
import { PLURALS, STRINGS } from '../../widgets/src/strings.js';
import { printed, visible } from '../../widgets/src/text.js';
import { sample } from './samples.js';

let host: HTMLElement;
let view: RunView | undefined;

beforeEach(() => {
  host = document.createElement('div');
  document.body.append(host);
  Element.prototype.scrollIntoView = vi.fn();
});

afterEach(() => {
  view?.dispose();
  host.remove();
});

function draw(record: unknown, options: RunViewOptions = {}): RunView {
  view = createRunView(host, options);
  view.update(record);
  return view;
}

function find(selector: string): HTMLElement {
  const node = host.querySelector<HTMLElement>(selector);
  if (!node) {
    throw new Error(`The view has no ${selector}.`);
  }
  return node;
}

function inWords(text: string, complete = true): RunRecord {
  const record = sample('refined');
  const [round] = record.rounds;
  if (!round) {
    throw new Error('The sample has changed.');
  }
  const answer = { ...round.answer, text, code: null, complete };
  const status = complete ? 'done' : 'running';
  return { ...record, status, answer: null, rounds: [{ ...round, answer, complete }] };
}

const isShown = (node: Element): boolean => !node.closest('[hidden]');
const frame = (): Promise<unknown> => new Promise(resolve => requestAnimationFrame(resolve));

describe('terminal output', () => {
  const html = (text: string): string => {
    const node = document.createElement('pre');
    node.append(coloured(printed(text)));
    return node.innerHTML;
  };

  it('keeps colours and weights by name, and every character', () => {
    expect(html('\u001b[0;31mKeyError\u001b[0m: \u001b[1mtown\u001b[0m')).toBe(
      '<span class="cs-ansi-red">KeyError</span>: <span class="cs-bold">town</span>'
    );
    expect(html('\u001b[94mblue\u001b[39m')).toBe('<span class="cs-ansi-blue">blue</span>');
    expect(html('\u001b[38;5;28mgreen\u001b[0m')).toBe('<span class="cs-ansi-green">green</span>');
    expect(html('\u001b[38;2;250;20;240mpink\u001b[0m')).toBe('<span class="cs-ansi-magenta">pink</span>');
    expect(html('\u001b[38;5;244mgrey\u001b[30mblack\u001b[0m')).toBe('greyblack');
  });

  it('draws markup as text and drops every other control', () => {
    expect(html('\u001b[31m<img src=x>\u001b[0m')).toBe('<span class="cs-ansi-red">&lt;img src=x&gt;</span>');
    expect(html('\u001b[2J\u001b]8;;javascript:1\u0007link\u001b]8;;\u0007\u001b[1;1Hend')).toBe('linkend');
  });

  it('shows of a line that was written over what a terminal would show', () => {
    expect(printed('10%\r50%\r100%\ndone\r\nnext\r')).toBe('100%\ndone\nnext');
  });

  it('names what would hide or turn around, and bounds lines and texts', () => {
    expect(visible('a\u202eb\u200b\u0007')).toBe('a⟨U+202E⟩b⟨U+200B⟩⟨U+0007⟩');
    expect(visible('👩‍💻 ok')).toBe('👩‍💻 ok');
    expect(visible('x'.repeat(1_000_000)).length).toBeLessThan(11_000);
    expect(visible('line\n'.repeat(400_000)).length).toBeLessThan(101_000);
  });
});

describe('formulas', () => {
  const math = (text: string): string[] => {
    draw(inWords(text));
    return [...host.querySelectorAll('.cs-round .cs-math')].map(node => `${node.tagName} ${node.textContent}`);
  };

  it.each<[string, string[]]>([
    ['Let $a_1 * b_2 * c$ be.', ['SPAN a_1 * b_2 * c']],
    ['So \\(x < y\\) holds.', ['SPAN x < y']],
    ['$$\n\\sum_{k=1}^n k\n$$\n\nend', ['DIV \\sum_{k=1}^n k']],
    ['\\[\na \\le b\n\\]', ['DIV a \\le b']],
    ['It costs $5 or $10, not $ 7.', []],
    ['`$x$` and\n\n```\n$$y$$\n```', []],
    ['a \\$5 and $6', []]
  ])('%j', (text, formulas) => {
    expect(math(text)).toEqual(formulas);
  });

  it('go to the typesetter when they have come to their end, and only those that are harmless', async () => {
    const seen: string[] = [];
    const typeset = (node: HTMLElement): void => void seen.push(node.textContent);
    const running = inWords('First $a$.\n\nThen $b$.\n\n$\\href{javascript:1}{c}$.\n\nLast $d$', false);
    const shown = draw(running, { typeset });
    await frame();
    expect(seen).toEqual(['\\(a\\)', '\\(b\\)']);
    shown.update(inWords('First $a$.\n\nThen $b$.\n\n$\\href{javascript:1}{c}$.\n\nLast $d$.'));
    await frame();
    await frame();
    expect(seen).toEqual(['\\(a\\)', '\\(b\\)', '\\(d\\)']);
    expect(host.textContent).toContain('\\href{javascript:1}{c}');
  });

  it('are what they were when the typesetter fails', async () => {
    draw(inWords('It is $x^2$.'), { typeset: () => Promise.reject(new Error('no')) });
    await vi.waitFor(() => {
      expect(find('.cs-round .cs-math').textContent).toBe('x^2');
    });
  });
});

describe('changes', () => {
  it('are shown between a program and the one before it, with both counts', () => {
    draw(sample('refined'));
    expect([...host.querySelectorAll('.cs-changes')].map(isShown)).toEqual([false, true]);
    const changes = find('.cs-round[data-round="2"] .cs-changes');
    expect(changes.firstElementChild?.textContent).toBe('Changes since round 1 +14 −5');
    expect(changes.querySelectorAll('ins.cs-diff-line')).toHaveLength(14);
    expect(changes.querySelector('del.cs-diff-line')?.textContent).toBe('− reached = {(0, 0)}\n');
  });

  it('say when nothing changed, or everything', async () => {
    const record = sample('refined');
    const [first, second] = record.rounds;
    if (!first || !second) {
      throw new Error('The sample has changed.');
    }
    const withCode = (code: string): RunRecord => ({
      ...record,
      rounds: [first, { ...second, answer: { ...second.answer, code } }]
    });
    const shown = draw(withCode(first.answer.code ?? ''));
    const words = (): string | null => find('.cs-round[data-round="2"] .cs-changes summary').textContent;
    expect(words()?.trim()).toBe('The same program as in round 1');
    shown.update(withCode(Array.from({ length: 3_000 }, (_, line) => `x = ${line}`).join('\n')));
    await frame();
    expect(words()?.trim()).toBe('Rewritten since round 1');
  });
});

describe('find', () => {
  it('finds in what is folded, opens it, and goes round', () => {
    draw(sample('refined'));
    find('[aria-label="Find"]').click();
    const field = find('.cs-find input') as HTMLInputElement;
    expect(document.activeElement).toBe(field);
    const nodes = host.querySelectorAll('*').length;
    field.value = 'colour of its square';
    field.dispatchEvent(new Event('input'));
    expect(find('.cs-find-place').textContent).toBe('1 of 2');
    expect(find('.cs-round[data-round="1"]').hasAttribute('open')).toBe(true);
    const press = (key: string, shiftKey = false): void => {
      field.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
    };
    press('Enter');
    expect(find('.cs-find-place').textContent).toBe('2 of 2');
    press('Enter');
    expect(find('.cs-find-place').textContent).toBe('1 of 2');
    press('Enter', true);
    expect(find('.cs-find-place').textContent).toBe('2 of 2');
    // It marks without touching what it marks.
    expect(host.querySelectorAll('*').length).toBe(nodes);
    field.value = 'nowhere at all';
    field.dispatchEvent(new Event('input'));
    expect(find('.cs-find-place').textContent).toBe('No match');
    press('Escape');
    expect(isShown(find('.cs-find'))).toBe(false);
    expect(document.activeElement).toBe(find('[aria-label="Find"]'));
  });
});

describe('folding', () => {
  it('opens all rounds and closes them, and they stay so', async () => {
    const shown = draw(sample('streaming'));
    const open = (): boolean[] => [...host.querySelectorAll<HTMLDetailsElement>('.cs-round')].map(one => one.open);
    find('[aria-label="Open all rounds"]').click();
    expect(open()).toEqual([true, true]);
    find('[aria-label="Close all rounds"]').click();
    shown.update(sample('refined'));
    await frame();
    expect(open()).toEqual([false, false]);
  });

  it('tells which round was chosen, and lets the host choose', async () => {
    const onSelect = vi.fn();
    const shown = draw(sample('refined'), { onSelect });
    find('.cs-chip').click();
    expect(onSelect.mock.calls).toEqual([[1]]);
    expect(find('.cs-chip').getAttribute('aria-current')).toBe('true');
    await vi.waitFor(() => {
      find('[aria-label="Close all rounds"]').click();
    });
    shown.select(2);
    expect(find('.cs-round[data-round="2"]').hasAttribute('open')).toBe(true);
    expect(onSelect).toHaveBeenCalledTimes(1);
  });
});

describe('going on', () => {
  const field = (): HTMLTextAreaElement => find('.cs-again textarea') as HTMLTextAreaElement;
  const button = (words: string): HTMLElement => {
    const found = [...host.querySelectorAll<HTMLElement>('button')].find(one => one.textContent === words);
    if (!found) {
      throw new Error(`No button ${words}.`);
    }
    return found;
  };

  it('takes words once, says so, and is empty again', async () => {
    const feedback = vi.fn(() => new Promise<void>(resolve => setTimeout(resolve, 5)));
    draw(sample('refined'), { actions: { feedback } });
    expect(isShown(button('Run again'))).toBe(false);
    button('Continue').click();
    expect(document.activeElement).toBe(field());
    field().value = '  Count from b2.  ';
    button('Continue').click();
    button('Continue').click();
    await vi.waitFor(() => {
      expect(find('.cs-again [role="status"]').textContent).toBe('Started.');
    });
    expect(feedback.mock.calls).toEqual([['Count from b2.']]);
    expect(field().value).toBe('');
  });

  it('keeps the words when the run could not be started', async () => {
    draw(sample('refined'), { actions: { feedback: () => Promise.reject(new Error('busy')) } });
    field().value = 'Again.';
    button('Continue').click();
    await vi.waitFor(() => {
      expect(find('.cs-again [role="status"]').textContent).toBe('It could not be started.');
    });
    expect(field().value).toBe('Again.');
  });

  it('has nothing to go on from where there was no round', () => {
    draw(sample('failed'), { actions: { feedback: vi.fn(), rerun: vi.fn() } });
    expect(isShown(field())).toBe(false);
    expect(isShown(button('Run again'))).toBe(true);
  });

  it('is there when a run has ended and the host can serve it, not before', async () => {
    const rerun = vi.fn();
    const shown = draw(sample('streaming'), { actions: { rerun } });
    expect(isShown(find('.cs-again'))).toBe(false);
    shown.update(sample('stopped'));
    await frame();
    expect(isShown(find('.cs-again'))).toBe(true);
    expect(isShown(field())).toBe(false);
    button('Run again').click();
    await vi.waitFor(() => {
      expect(rerun).toHaveBeenCalledTimes(1);
    });
    shown.serve({});
    expect(isShown(find('.cs-again'))).toBe(false);
  });
});

describe('rating', () => {
  const pressed = (): string[] =>
    [...host.querySelectorAll('.cs-rating button[aria-pressed="true"]')].map(
      one => `${one.closest<HTMLElement>('.cs-round')?.dataset.round ?? ''} ${one.getAttribute('aria-label') ?? ''}`
    );

  it('presses one of two, takes it back, and knows what is kept', async () => {
    const rate = vi.fn();
    const shown = draw(sample('refined'), { actions: { rate } });
    shown.rated({ 1: 'bad' });
    expect(pressed()).toEqual(['1 Bad steering']);
    find('.cs-round[data-round="2"] [aria-label="Good steering"]').click();
    find('.cs-round[data-round="1"] [aria-label="Bad steering"]').click();
    expect(pressed()).toEqual(['2 Good steering']);
    await Promise.resolve();
    expect(rate.mock.calls).toEqual([
      [2, 'good'],
      [1, null]
    ]);
    shown.update(sample('refined'));
    await frame();
    expect(pressed()).toEqual(['2 Good steering']);
  });

  it('is taken back and said when it could not be kept', async () => {
    draw(sample('refined'), { actions: { rate: () => Promise.reject(new Error('full')) } });
    find('.cs-round[data-round="2"] [aria-label="Good steering"]').click();
    await vi.waitFor(() => {
      expect(find('.cs-round[data-round="2"] .cs-rating').textContent).toBe('The rating was not kept.');
    });
    expect(pressed()).toEqual([]);
  });

  it('is only for rounds that have ended', () => {
    draw(sample('streaming'), { actions: { rate: vi.fn() } });
    expect([...host.querySelectorAll('.cs-rating')].map(isShown)).toEqual([true, false]);
  });
});

describe('charts', () => {
  const bars = {
    mark: 'bar',
    data: { values: [{ a: 1 }] },
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json'
  };
  const vega = 'application/vnd.vegalite.v5+json';

  it.each<[string, object]>([
    ['data from an address', { ...bars, data: { url: 'x.csv' } }],
    ['a picture', { ...bars, mark: 'image' }],
    ['a link', { ...bars, encoding: { href: { value: 'x' } } }],
    ['an address in a text', { ...bars, title: '//host' }]
  ])('with %s are not drawn', (_, chart) => {
    expect(safeChart(vega, JSON.stringify(chart))).toBeNull();
  });

  it('of no known family, or no charts at all, are not drawn', () => {
    expect(safeChart('application/geo+json', '{}')).toBeNull();
    expect(safeChart(vega, '[1]')).toBeNull();
    expect(safeChart(vega, '{')).toBeNull();
    expect(safeChart('application/vnd.plotly.v1+json', '{"data": [{"type": "scattermapbox"}]}')).toBeNull();
    expect(safeChart(vega, '{"a":'.repeat(80) + '1' + '}'.repeat(80))).toBeNull();
  });

  it('are drawn in their round by a host that can, and named by one that cannot', () => {
    const record = sample('rich');
    const output = { kind: 'display' as const, data: { [vega]: JSON.stringify(bars), 'text/plain': 'alt.Chart(...)' } };
    const rounds = record.rounds.map(round =>
      round.execution ? { ...round, execution: { ...round.execution, outputs: [output] } } : round
    );
    const chart = vi.fn(() => document.createElement('figure'));
    draw({ ...record, rounds }, { chart });
    expect(host.querySelectorAll('.cs-output > figure')).toHaveLength(2);
    expect(chart).toHaveBeenCalledWith(vega, bars);
    view?.dispose();
    draw({ ...record, rounds });
    expect(find('.cs-output').textContent).toBe('Chart (vegalite.v5) · alt.Chart(...)');
  });
});

describe('languages', () => {
  /** Every text of the record emptied of letters, so that all that are left are the view's own. */
  function wordless(value: unknown, key = ''): unknown {
    if (typeof value === 'string') {
      const isName = ['status', 'kind', 'source', 'guidance_source', 'verdict', 'level', 'phase', 'hit'].includes(key);
      return isName || key.startsWith('image/') ? value : value.replace(/[a-z]/gi, '7');
    }
    if (Array.isArray(value)) {
      return value.map(item => wordless(item));
    }
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, wordless(item, name)]));
    }
    return value;
  }

  it.each(['refined', 'streaming', 'rich', 'exhausted', 'stopped', 'failed', 'queued'] as const)(
    'in %s every word goes by the translator',
    name => {
      const translate = (one: string, many?: string): string =>
        (many ?? one).replace(/[^{}]+|\{\w+\}/g, part => (part.startsWith('{') ? part : part.replace(/[a-z]/gi, 'Ж')));
      const nothing = (): void => undefined;
      const actions = { stop: nothing, insertCode: nothing, feedback: nothing, rerun: nothing, rate: nothing };
      draw(wordless(sample(name)), { translate, actions });
      const told = [...host.querySelectorAll('*')].flatMap(node => [
        ...['aria-label', 'title', 'placeholder', 'alt'].map(attribute => node.getAttribute(attribute) ?? ''),
        ...[...node.childNodes].filter(child => child instanceof Text).map(child => child.data)
      ]);
      expect(told.filter(text => /[a-z]/i.test(text.replace(/python|stdout/, '')))).toEqual([]);
      expect(told.join('')).toContain('Ж');
    }
  );

  it('writes numbers by the locale and takes the plural that the language has', () => {
    const polish = new Language(
      (one, many, count) => (many === undefined ? one : count === 2 ? '{n} rundy' : many),
      'pl'
    );
    expect(polish.plural('rounds', 2)).toBe('2 rundy');
    expect(polish.seconds(1.25)).toBe('1,3 s');
    expect(new Language().plural('rounds', 1)).toBe('1 round');
    expect(new Language().seconds(125)).toBe('2 min 05 s');
  });

  it('has in both forms of a plural the same places to fill', () => {
    const texts = [...Object.values(STRINGS), ...Object.values(PLURALS).flat()];
    const places = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(found => found[1] ?? '').sort();
    for (const [one, many] of Object.values(PLURALS)) {
      expect(places(one)).toEqual(places(many));
    }
    expect(texts.every(text => text.trim() === text)).toBe(true);
  });
});

describe('long runs', () => {
  const long = (): RunRecord => {
    const record = sample('refined');
    const [first] = record.rounds;
    return { ...record, rounds: Array.from({ length: 30 }, (_, place) => ({ ...first, index: place + 1 })) as never };
  };
  const drawn = (): number => [...host.querySelectorAll('.cs-round code')].filter(one => one.textContent !== '').length;

  it('draw what is folded when there is time', async () => {
    draw(long());
    expect(drawn()).toBeLessThan(4);
    await vi.waitFor(
      () => {
        expect(drawn()).toBe(60);
      },
      { timeout: 30_000 }
    );
  });

  it('draw it at once when it is opened or looked for', () => {
    draw(long());
    find('.cs-round[data-round="3"] summary').click();
    expect(find('.cs-round[data-round="3"] code').textContent).toContain('reached = {(0, 0)}');
    find('[aria-label="Find"]').click();
    expect(drawn()).toBe(60);
  });
});
