/** The view in a plain DOM: what it says in every state, and that updates leave alone what did not change. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  createRunView,
  type RunRecord,
  type RunView,
  type RunViewOptions,
  type Tail
} from '../../widgets/src/index.js';
import { sample, type SampleName } from './samples.js';

let host: HTMLElement;
let view: RunView | undefined;

beforeEach(() => {
  host = document.createElement('div');
  document.body.append(host);
});

afterEach(() => {
  view?.dispose();
  view = undefined;
  host.remove();
  vi.useRealTimers();
});

function draw(record: unknown, options: RunViewOptions = {}): void {
  view = createRunView(host, options);
  view.update(record);
}

async function redraw(record: unknown, tail?: Tail): Promise<void> {
  view?.update(record, tail);
  await new Promise(resolve => requestAnimationFrame(resolve));
}

function find(selector: string): HTMLElement {
  const node = host.querySelector<HTMLElement>(selector);
  if (!node) {
    throw new Error(`The view has no ${selector}.`);
  }
  return node;
}

const isShown = (selector: string): boolean => !find(selector).closest('[hidden]');
const rounds = (): HTMLDetailsElement[] => [...host.querySelectorAll<HTMLDetailsElement>('.cs-round')];
const nodeCount = (): number => host.querySelectorAll('*').length;

describe('states', () => {
  it.each<[SampleName, string]>([
    ['queued', 'Queued'],
    ['streaming', 'Running'],
    ['refined', 'Done'],
    ['stopped', 'Stopped'],
    ['exhausted', 'Out of budget'],
    ['failed', 'Failed']
  ])('%s is called %s', (name, words) => {
    draw(sample(name));
    expect(find('.cs-status').textContent).toBe(words);
    expect(find('.cs-question-text').textContent).toContain('A knight stands on a1');
  });

  it('puts the answer first, with its support, its program and what it cost', () => {
    draw(sample('refined'));
    expect(find('.cs-result').textContent).toBe('32');
    expect(find('.cs-support').textContent).toContain('VerifiedChecked by a program.');
    expect(find('.cs-facts').textContent).toMatch(
      /^1,498 tokens in, 403 out · 925 from the cache · 6 calls · no cost · 25 s$/
    );
    expect(find('.cs-why').textContent).toContain('A test of the answer passed.');
    const order = [...find('.cs-content').children].map(node => node.className);
    expect(order.indexOf('cs-final')).toBeLessThan(order.indexOf('cs-rounds'));
  });

  it('shows for a round the decision, the guidance, the program, its output and both checks', () => {
    draw(sample('refined'));
    const [first, second] = rounds().map(round => round.textContent);
    expect(first).toContain('93% sure');
    expect(first).toContain('check failed');
    expect(first).toContain('after six moves only squares of one colour are possible');
    expect(second).toContain('Count only the squares reached after exactly six moves.');
    expect(second).toContain('def step(squares):');
    expect(second).toContain('7.5/10');
    expect(second).toContain('check passed');
  });

  it('says what to do about a failure, and hides the cost of a run that never called a model', () => {
    draw(sample('failed'));
    expect(find('.cs-final .cs-ending').textContent).toContain('Set ANTHROPIC_API_KEY');
    expect(isShown('.cs-cost')).toBe(false);
    expect(isShown('.cs-answer')).toBe(false);
  });

  it('shows the code of an error, and what the documentation says of it, folded', () => {
    draw(sample('failed'));
    expect(find('.cs-trouble-code').textContent).toBe('Error codemissing_key');
    const section = find('.cs-trouble details') as HTMLDetailsElement;
    expect(section.open).toBe(false);
    expect(section.querySelector('summary')?.textContent).toBe('What this error means, and what to do');
    expect(section.textContent).toContain('keyring set codesteer VARIABLE');
    expect(section.textContent).toContain('See keys (docs/models.md).');
  });

  it.each(['of_tomorrow', 'constructor'])('shows a code that it does not know alone: %s', code => {
    draw({ ...sample('failed'), error: { code, message: 'It failed.', cure: '' } });
    expect(find('.cs-trouble code').textContent).toBe(code);
    expect(isShown('.cs-trouble details')).toBe(false);
  });

  it('shows no code where there was no error', () => {
    draw(sample('stopped'));
    expect(isShown('.cs-trouble')).toBe(false);
  });

  it('names the budget that was hit', () => {
    draw(sample('exhausted'));
    expect(find('.cs-final .cs-ending').textContent).toContain('The budget of rounds is used up.');
    expect(find('.cs-support').textContent).toMatch(/^DoubtfulA test failed it/);
  });

  it('says when the kernel was lost', () => {
    draw({ ...sample('streaming'), status: 'lost' });
    expect(find('.cs-status').textContent).toBe('Lost');
    expect(find('.cs-final .cs-ending').textContent).toContain('The kernel went away');
  });

  it('draws tables, images, error streams and bound names', () => {
    draw(sample('rich'));
    expect(find('.cs-output img').getAttribute('src')).toMatch(/^data:image\/png;base64,/);
    expect(find('.cs-html table').textContent).toContain('90211.25');
    expect(find('.cs-bound').textContent).toContain('not bound: the program made no variable of this name');
    expect(host.textContent).toContain("KeyError: 'town'");
    expect(host.textContent).not.toContain('\u001b');
    expect(find('.cs-facts').textContent).toContain('price unknown');
  });

  it('folds a round whose words are the answer itself', () => {
    draw(sample('inWords'));
    expect(find('.cs-answer .cs-markdown table').textContent).toContain('Old Norse');
    expect(rounds().map(round => round.open)).toEqual([false]);
  });
});

describe('updates', () => {
  it('keeps the nodes of what did not change', async () => {
    draw(sample('streaming'));
    const before = [...host.querySelectorAll('.cs-round[data-round="1"] *')];
    await redraw({ ...sample('refined') });
    expect([...host.querySelectorAll('.cs-round[data-round="1"] *')]).toEqual(before);
  });

  it('changes nothing when the same record comes again', async () => {
    draw(sample('refined'));
    const seen: MutationRecord[] = [];
    const observer = new MutationObserver(changes => seen.push(...changes));
    observer.observe(host, { subtree: true, childList: true, characterData: true, attributes: true });
    await redraw(sample('refined'));
    await redraw(sample('refined'));
    seen.push(...observer.takeRecords());
    observer.disconnect();
    expect(seen).toEqual([]);
  });

  it('appends streamed text to the text node that is there', async () => {
    const record = sample('streaming');
    draw(record);
    const gutter = find('.cs-round[data-round="2"] .cs-gutter');
    const code = find('.cs-round[data-round="2"] code');
    const first = code.firstChild;
    await redraw(record, { round: 2, seq: record.seq, text: '\n    }\n\nsquares = {(0, 0)}\n' });
    expect(code.isConnected && gutter.isConnected).toBe(true);
    expect(code.firstChild).toBe(first);
    expect(code.textContent).toContain('squares = {(0, 0)}');
  });

  it('ignores a tail of another record, round or kind', async () => {
    const record = sample('streaming');
    draw(record);
    // The answers, for the clocks go on.
    const answers = (): (string | null)[] => [...host.querySelectorAll('.cs-markdown')].map(one => one.textContent);
    const before = answers();
    await redraw(record, { round: 2, seq: record.seq - 1, text: 'STALE' });
    await redraw(record, { round: 1, seq: record.seq, text: 'STALE' });
    await redraw(record, { round: 2, seq: record.seq, text: 7 } as unknown as Tail);
    expect(answers()).toEqual(before);
    expect(host.textContent).not.toContain('STALE');
  });

  it('draws growing Markdown as the whole would be drawn', async () => {
    const text = sample('inWords').rounds[0]?.answer.text ?? '';
    const record = sample('streaming');
    const withText = (part: string, complete = false): RunRecord => ({
      ...record,
      rounds: record.rounds.map((round, index) =>
        index === 1 ? { ...round, answer: { ...round.answer, text: part, complete } } : round
      )
    });
    draw(withText(''));
    for (let end = 0; end <= text.length; end += 7) {
      await redraw(withText(text.slice(0, end)));
    }
    await redraw(withText(text, true));
    const grown = find('.cs-round[data-round="2"] .cs-markdown').innerHTML;
    view?.dispose();
    draw(withText(text, true));
    expect(find('.cs-round[data-round="2"] .cs-markdown').innerHTML).toBe(grown);
  });

  it('draws at most once a frame, the newest record', async () => {
    const record = sample('streaming');
    draw(record);
    const frames = vi.spyOn(window, 'requestAnimationFrame');
    for (let seq = 0; seq < 50; seq += 1) {
      view?.update({ ...record, question: { ...record.question, prompt: `question ${seq}` } });
    }
    expect(frames).toHaveBeenCalledTimes(1);
    frames.mockRestore();
    await new Promise(resolve => requestAnimationFrame(resolve));
    expect(find('.cs-question-text').textContent).toBe('question 49');
  });

  it('folds the old round when a new one starts', async () => {
    const record = sample('streaming');
    draw({ ...record, rounds: record.rounds.slice(0, 1) });
    expect(rounds().map(round => round.open)).toEqual([true]);
    await redraw(record);
    expect(rounds().map(round => round.open)).toEqual([false, true]);
  });

  it('leaves rounds as the reader put them', async () => {
    const record = sample('streaming');
    draw({ ...record, rounds: record.rounds.slice(0, 1) });
    const first = rounds()[0];
    first?.querySelector('summary')?.click();
    first?.querySelector('summary')?.click();
    expect(first?.open).toBe(true);
    await redraw(record);
    expect(rounds().map(round => round.open)).toEqual([true, true]);
    find('.cs-round[data-round="2"] summary').click();
    await redraw(sample('refined'));
    expect(rounds().map(round => round.open)).toEqual([true, false]);
  });

  it('opens a round from its chip', () => {
    draw(sample('refined'));
    Element.prototype.scrollIntoView = vi.fn();
    find('.cs-chip').click();
    expect(rounds().map(round => round.open)).toEqual([true, true]);
    expect(document.activeElement).toBe(rounds()[0]?.firstElementChild);
  });

  it('ticks while it runs and only then', async () => {
    vi.useFakeTimers();
    draw(sample('streaming'));
    const time = (): string | null => find('.cs-head .cs-time').textContent;
    expect(time()).toBe('18 s');
    await vi.advanceTimersByTimeAsync(3000);
    expect(time()).toBe('21 s');
    view?.update(sample('refined'));
    await vi.advanceTimersByTimeAsync(50);
    expect(time()).toBe('25 s');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('empties its host when disposed', () => {
    vi.useFakeTimers();
    draw(sample('streaming'));
    view?.dispose();
    expect(host.childNodes).toHaveLength(0);
    // The DOM here announces an opened round by a timer of its own.
    vi.advanceTimersByTime(50);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('actions', () => {
  it('has no button for what the host cannot do', () => {
    draw(sample('streaming'));
    expect(isShown('.cs-stop')).toBe(false);
    const actions = [...host.querySelectorAll<HTMLElement>('[data-action]')];
    expect(actions.length).toBeGreaterThan(4);
    expect(actions.filter(node => !node.closest('[hidden]'))).toEqual([]);
  });

  it('asks once to stop, says so, and keeps the focus', async () => {
    const stop = vi.fn();
    draw(sample('streaming'), { actions: { stop } });
    const button = find('.cs-stop');
    button.focus();
    button.click();
    button.click();
    await Promise.resolve();
    expect(stop).toHaveBeenCalledTimes(1);
    expect(button.textContent).toBe('Stopping…');
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(document.activeElement).toBe(button);
    await redraw(sample('stopped'));
    expect(isShown('.cs-stop')).toBe(false);
  });

  it('says so when somebody else asked to stop, until the run has ended or another one is shown', async () => {
    const stop = vi.fn();
    draw(sample('streaming'), { actions: { stop } });
    view?.stopping();
    find('.cs-stop').click();
    await redraw({ ...sample('streaming'), seq: sample('streaming').seq + 1 });
    expect(find('.cs-stop').textContent).toBe('Stopping…');
    expect(stop).not.toHaveBeenCalled();
    await redraw({ ...sample('streaming'), id: 'another' });
    expect(find('.cs-stop').textContent).toBe('Stop');
    await redraw(sample('stopped'));
    view?.stopping();
    expect(isShown('.cs-stop')).toBe(false);
    expect(isShown('.cs-hint')).toBe(false);
  });

  it('makes Stop usable again when the host could not be reached', async () => {
    draw(sample('streaming'), { actions: { stop: () => Promise.reject(new Error('gone')) } });
    find('.cs-stop').click();
    await vi.waitFor(() => {
      expect(find('.cs-stop').textContent).toBe('Stop');
    });
    expect(find('.cs-hint').textContent).toContain('Interrupt the kernel');
  });

  it('copies the answer and the program as they are', async () => {
    const copied: string[] = [];
    const insertCode = vi.fn();
    draw(sample('refined'), { actions: { copy: text => void copied.push(text), insertCode } });
    for (const button of host.querySelectorAll<HTMLButtonElement>('.cs-answer .cs-small')) {
      button.click();
    }
    await vi.waitFor(() => {
      expect(copied).toEqual(['32', sample('refined').answer?.code]);
    });
    expect(insertCode).toHaveBeenCalledTimes(2);
    expect(insertCode).toHaveBeenCalledWith(sample('refined').answer?.code);
    await vi.waitFor(() => {
      expect(find('.cs-answer [title="Copy answer"]').textContent).toBe('Copied');
    });
  });
});

describe('hostile records', () => {
  it.each([null, undefined, 7, 'no json', [], {}, { rounds: 'x', status: 3 }, { schema: 'x', status: 'done' }])(
    'draws something for %j and never throws',
    record => {
      draw(record);
      expect(host.textContent.length).toBeGreaterThan(3);
    }
  );

  it('says that a newer record needs a newer program', async () => {
    draw({ ...sample('refined'), schema: 2 });
    expect(find('.cs-fault').textContent).toContain('newer CodeSteer (record version 2)');
    await redraw(sample('refined'));
    expect(isShown('.cs-fault')).toBe(false);
    expect(isShown('.cs-whole')).toBe(true);
  });

  it('survives every field having the wrong type', () => {
    const record = sample('refined') as unknown as Record<string, unknown>;
    for (const key of Object.keys(record)) {
      for (const wrong of [null, 'text', -1e308, [], [null], {}, { text: [] }, true]) {
        draw({ ...record, [key]: wrong });
        view?.dispose();
      }
    }
    draw(record);
  });

  it('lets nothing through that runs, loads or overlays', () => {
    draw(sample('hostile'));
    const forbidden = 'script, iframe, style, form, base, object, embed, link, svg:not(.cs-icon)';
    expect(host.querySelectorAll('input, textarea, select')).toHaveLength(host.querySelectorAll('.cs-field').length);
    expect(host.querySelectorAll(forbidden)).toHaveLength(0);
    for (const node of host.querySelectorAll('*')) {
      for (const { name, value } of node.attributes) {
        expect(name).not.toMatch(/^on/);
        if (name === 'href') {
          expect(value).toMatch(/^(https?:|mailto:)/);
        }
        if (name === 'src') {
          expect(value).toMatch(/^data:image\//);
        }
        if (name === 'style') {
          expect(value).toMatch(/^(width: [\d.]+%;|flex-grow: [\d.]+;)$/);
        }
      }
    }
    expect(host.textContent).toContain('⟨U+202E⟩');
  });

  it('bounds what a huge record costs', () => {
    const record = sample('hostile');
    const [round] = record.rounds;
    if (!round?.execution) {
      throw new Error('The sample has changed.');
    }
    const output = { kind: 'display' as const, data: { 'text/html': '<b>x</b>'.repeat(200_000) } };
    const big = {
      ...round,
      answer: { ...round.answer, text: '* * *\n\n'.repeat(100_000), code: 'x = 1\n'.repeat(200_000) },
      execution: {
        ...round.execution,
        stdout: 'a'.repeat(1_000_000),
        outputs: Array.from({ length: 5_000 }, () => output)
      }
    };
    draw({ ...record, rounds: [big] });
    expect(nodeCount()).toBeLessThan(8_000);
    expect(host.textContent.length).toBeLessThan(8_000_000);
    expect(host.textContent).toContain('characters not shown');
  });
});
