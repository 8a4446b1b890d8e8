/** The pages of webviews: what they draw of what they are sent, and what their buttons say. */

import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { PageMessage } from '../../extension/vscode/src/messages.js';
import type { RunRecord } from '../../widgets/src/index.js';
import { sample, type SampleName } from '../widgets/samples.js';

const said: unknown[] = [];

beforeEach(() => {
  vi.resetModules();
  said.length = 0;
  document.body.innerHTML = '<main id="page"></main>';
  vi.stubGlobal('acquireVsCodeApi', () => ({
    postMessage: (message: unknown) => {
      said.push(message);
    }
  }));
});

const send = (data: PageMessage): void => {
  window.dispatchEvent(new MessageEvent('message', { data }));
};
const page = (): HTMLElement => {
  const found = document.getElementById('page');
  if (!found) {
    throw new Error('no page');
  }
  return found;
};
const button = (name: string): HTMLElement | undefined =>
  [...page().querySelectorAll('button')].find(
    one => !one.closest('[hidden]') && (one.textContent.trim() === name || one.getAttribute('aria-label') === name)
  );

describe('the page of a run', () => {
  const ALL = { stop: true, runAgain: true, goOn: true, insertCode: true, copy: true };
  const show = async (name: SampleName, possible = ALL): Promise<void> => {
    await import('../../extension/vscode/src/pages/details.js');
    send({ type: 'run', record: sample(name), possible, preferences: { rounds: 'all' } });
  };

  it('asks for its run, and draws it with every round open', async () => {
    await show('refined');
    expect(said).toEqual([{ type: 'ready' }]);
    expect(page().querySelector('.cs-run')?.getAttribute('data-host')).toBe('vscode');
    const rounds = [...page().querySelectorAll<HTMLDetailsElement>('.cs-round')];
    expect(rounds.map(({ open }) => open)).toEqual([true, true]);
  });

  it('has the code of what the run failed of, and its section of the documentation, without a link to follow', async () => {
    await show('failed');
    expect(page().querySelector('.cs-trouble code')?.textContent).toBe('missing_key');
    expect(page().querySelector('.cs-trouble details')?.textContent).toContain('What to do.');
    expect(page().querySelector('.cs-trouble a')).toBeNull();
  });

  it('says what its buttons are for', async () => {
    await show('refined');
    button('Insert into a cell')?.click();
    button('Run again')?.click();
    await vi.waitUntil(() => said.length > 2);
    const { id } = sample('refined');
    expect(said[1]).toMatchObject({ type: 'insert-code', runId: id });
    expect(said[2]).toEqual({ type: 'run-again', runId: id });
  });

  it('has no button for what cannot be done', async () => {
    await show('refined', { stop: false, runAgain: false, goOn: false, insertCode: false, copy: true });
    expect(button('Insert into a cell')).toBeUndefined();
    expect(button('Run again')).toBeUndefined();
    expect(button('Copy answer')).toBeDefined();
  });

  it('runs nothing of a hostile record', async () => {
    await show('hostile');
    expect(page().querySelectorAll('script, iframe, [onerror], [onload], [onclick]')).toHaveLength(0);
  });
});

describe('the page of two runs', () => {
  const compare = async (first: RunRecord, second: RunRecord): Promise<void> => {
    await import('../../extension/vscode/src/pages/comparison.js');
    send({ type: 'runs', first, second });
  };
  const refined = sample('refined');
  const hostile = sample('hostile');
  const row = (name: string): string[] => {
    const found = [...page().querySelectorAll('tr')].find(
      ({ firstElementChild }) => firstElementChild?.textContent === name
    );
    return [...(found?.querySelectorAll('td') ?? [])].map(({ textContent }) => textContent);
  };

  it('has both in a table: answers, checkers, models, rounds, time, cost', async () => {
    await compare(refined, sample('rich'));
    expect(row('Answer')).toEqual([sample('refined').answer?.text, sample('rich').answer?.text]);
    expect(row('Status')).toEqual(['Done', 'Done']);
    expect(row('Checkers')[0]).toContain('Round 1: ');
    expect(row('Cost')[0]).toMatch(/tokens/);
    for (const name of ['Models', 'Rounds', 'Time']) {
      expect(row(name).every(text => text !== '')).toBe(true);
    }
  });

  it('says in the place of an answer what a run failed of', async () => {
    await compare(refined, sample('failed'));
    expect(row('Answer')[1]).toMatch(/ANTHROPIC_API_KEY is not set.* \[missing_key\]$/);
  });

  it('has their programs as one difference', async () => {
    const { answer } = refined;
    const [code, changed] = ['a = 1\nb = 2\nprint(a)', 'a = 1\nb = 3\nprint(a)'];
    const withCode = (program: string): RunRecord => ({ ...refined, answer: answer && { ...answer, code: program } });
    await compare(withCode(code), withCode(changed));
    expect(page().querySelector('del')?.textContent).toBe('− b = 2\n');
    expect(page().querySelector('ins')?.textContent).toBe('+ b = 3\n');
    await compare(refined, refined);
    expect(page().textContent).toContain('Both runs have the same program.');
    expect(page().querySelector('ins, del')).toBeNull();
  });

  it('shows hostile text as text', async () => {
    await compare(hostile, hostile);
    expect(page().querySelectorAll('script, img, a, [onerror]')).toHaveLength(0);
  });
});
