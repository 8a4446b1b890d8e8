/** Pure pieces: what fits a search, what a row says, what a composed cell looks like, what two programs differ in. */

import { describe, expect, it } from 'vitest';

import { BLANK, written } from '@codesteer/view/parts/cellText.js';
import { factsOf } from '@codesteer/view/parts/facts.js';
import { ANY, fitting, modelsOf } from '@codesteer/view/parts/filter.js';
import { difference } from '@codesteer/view/parts/difference.js';
import { rowFacts } from '../../extension/lab/src/panel/rowFacts.js';
import type { KeptRun } from '../../extension/lab/src/tokens.js';
import { ENGLISH, languageOf } from '../../extension/lab/src/words.js';
import { recordOf, runOf } from './fakes.js';

const refined = runOf(recordOf('refined', { id: 'a' }));
const failed = runOf(recordOf('failed', { id: 'b' }));
const rich = runOf(recordOf('rich', { id: 'c' }));
const runs = [refined, failed, rich];

describe('fitting', () => {
  it('wants every word, anywhere in the run, in any case', () => {
    expect(fitting(runs, { ...ANY, text: 'CITY  which' })).toEqual([rich]);
    expect(fitting(runs, { ...ANY, text: 'which nowhere-to-be-found' })).toEqual([]);
    expect(fitting(runs, ANY)).toEqual(runs);
  });

  it('knows status and model', () => {
    expect(fitting(runs, { ...ANY, status: 'failed' })).toEqual([failed]);
    expect(fitting(runs, { ...ANY, model: rich.record.models.target })).toEqual([rich]);
    expect(modelsOf(runs)).toContain(failed.record.models.target);
  });
});

describe('a row', () => {
  const say = (run: typeof refined, now = 0) => factsOf(run, languageOf(ENGLISH), now);

  it('says how a run came out and what its checkers found', () => {
    const { status, round, cost, badges } = say(refined);
    expect(status.words).toBe('Done');
    expect(round).toBe('Round 2 of 3');
    expect(cost).toMatch(/tokens/);
    expect(badges.map(({ words }) => words)).toEqual(['Verified', 'Program 8/10']);
  });

  it('says by its code what a run failed of', () => {
    expect(say(failed).badges.map(({ words }) => words)).toEqual(['missing_key']);
  });

  it('of a run on disk has it too, as far as the kernel tells it', () => {
    const row = { id: 'b', status: 'failed', started: '', target: '', rounds: 0, seconds: 1, prompt: '', answer: '' };
    const kept = (told: { readonly error?: string }): KeptRun => ({
      ...failed,
      row: { ...row, kept: false, ...told },
      isWhole: false,
      isLoaded: true,
      exported: () => Promise.resolve(''),
      forget: () => Promise.resolve()
    });
    const badges = (run: KeptRun): string[] =>
      rowFacts(run, ENGLISH, languageOf(ENGLISH), 0).badges.map(({ words }) => words);
    expect(badges(kept({ error: 'rate_limited' }))).toEqual(['rate_limited']);
    expect(badges(kept({}))).toEqual([]);
  });

  it('has a clock that goes on while the run does, and says when it is to end', () => {
    const live = runOf(recordOf('streaming'));
    const seconds = (text: string): number => Number(text.replace(' s', ''));
    expect(seconds(say(live, 5000).time) - seconds(say(live, 0).time)).toBe(5);
    expect(say({ ...live, isStopping: true }).status.words).toBe('Stopping…');
    expect(say({ ...refined, isStopping: true }).status.words).toBe('Done');
  });
});

describe('a composed cell', () => {
  it('is what one would type', () => {
    expect(written({ ...BLANK, prompt: ' What is it? \n' })).toBe('%%codesteer\nWhat is it?');
    const draft = { ...BLANK, prompt: 'Sum @a', target: 'openai/m@http://127.0.0.1:1/v1', inputs: ['a', 'b'] };
    expect(written({ ...draft, rounds: 3, seconds: 60, tokens: 5000, cost: 0.5 })).toBe(
      '%%codesteer --target openai/m@http://127.0.0.1:1/v1 --in a,b --rounds 3 --timeout 60 --tokens 5000 --cost 0.5\nSum @a'
    );
  });

  it('quotes what a shell would read otherwise, and lets nothing into a second line', () => {
    expect(written({ ...BLANK, prompt: 'x', target: "my model's;\nrm" })).toBe(
      `%%codesteer --target 'my model'"'"'s; rm'\nx`
    );
  });
});

describe('difference', () => {
  it('keeps what is near a change', () => {
    const before = Array.from({ length: 20 }, (_, n) => `line ${n}`).join('\n');
    const lines = difference(before, before.replace('line 10', 'other')) ?? [];
    expect(lines.filter(({ sign }) => sign === '-').map(({ text }) => text)).toEqual(['line 10']);
    expect(lines.filter(({ sign }) => sign === '+').map(({ text }) => text)).toEqual(['other']);
    expect(lines).toHaveLength(10);
  });

  it('says nothing of programs that have nothing in common', () => {
    const program = (word: string): string => Array.from({ length: 300 }, (_, n) => `${word} ${n}`).join('\n');
    expect(difference(program('a'), program('b'))).toBeNull();
  });
});
