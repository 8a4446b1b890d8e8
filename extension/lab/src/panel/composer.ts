/** The form for a new run. What it makes is a plain cell: the notebook stays the source of truth. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { addBelowIcon, closeIcon, refreshIcon, runIcon } from '@jupyterlab/ui-components';
import { BLANK, type Draft, written } from '@codesteer/view/parts/cellText.js';
import { el, heading, setShown, setText } from '@codesteer/view/parts/dom.js';

import { addCell, addLoading, isWritable, LOAD, runActive } from '../cell.js';
import { type Offer, offerOf, type OfferedVariable, PackageMissing } from '../kernel.js';
import type { Words } from '../words.js';
import { action, tool } from './buttons.js';

/** What the form needs of the panel around it. */
export interface Around {
  readonly notebook: () => NotebookPanel | null;
  readonly onClose: () => void;
}

const INSTALL = 'pip install codesteer';

type NumberName = 'rounds' | 'seconds' | 'tokens' | 'cost';

/** Draws the form, and asks the kernel for what it can be filled with. */
export class Composer {
  readonly node: HTMLElement;
  private readonly prompt: HTMLTextAreaElement;
  private readonly target: HTMLInputElement;
  private readonly steerer: HTMLInputElement;
  private readonly numbers: Readonly<Record<NumberName, HTMLInputElement>>;
  private readonly inputGroup: HTMLElement;
  private readonly inputs = el('div', 'jp-codesteer-inputs');
  private readonly models = el('datalist', { id: 'jp-codesteer-models' });
  private readonly hint = el('p', { class: 'jp-codesteer-hint', role: 'status' });
  private readonly keyHint = el('p', { class: 'jp-codesteer-hint', role: 'status' });
  private readonly preview = el('pre', { class: 'jp-codesteer-preview', tabindex: '0' });
  private readonly buttons: readonly HTMLButtonElement[];
  private readonly chosen = new Set<string>();
  private offer: Offer | null = null;
  /** Answers of a kernel that was asked earlier are not for this form any more. */
  private asks = 0;

  constructor(
    private readonly words: Words,
    private readonly around: Around
  ) {
    this.prompt = el('textarea', { id: 'jp-codesteer-prompt', rows: '5', dir: 'auto', class: 'jp-mod-styled' });
    this.prompt.placeholder = words.__('What is to be answered?');
    this.target = this.modelField('target');
    this.steerer = this.modelField('steerer');
    this.numbers = {
      rounds: numberField('rounds', '1', '1'),
      seconds: numberField('seconds', '1', '1'),
      tokens: numberField('tokens', '1', '1000'),
      cost: numberField('cost', '0.01', '0.01')
    };
    const refresh = tool(refreshIcon, words.__('Read the variables again'), () => {
      void this.ask();
    });
    const insert = action(addBelowIcon, words.__('Insert cell'), () => {
      this.write(false);
    });
    const run = action(
      runIcon,
      words.__('Insert and run'),
      () => {
        this.write(true);
      },
      true
    );
    this.buttons = [insert, run];
    this.inputGroup = el(
      'fieldset',
      'jp-codesteer-group',
      el('legend', {}, words.__('Inputs from the notebook'), ' ', refresh),
      this.inputs
    );
    this.inputGroup.hidden = true;
    const close = tool(closeIcon, words.__('Close the form'), this.around.onClose);
    const { numbers } = this;
    const form = el(
      'form',
      { class: 'jp-codesteer-form', 'aria-label': words.__('New run') },
      this.hint,
      field(words.__('Question'), this.prompt),
      field(words.__('Target: the model that answers'), this.target),
      field(words.__('Steerer: the model that guides it'), this.steerer),
      this.keyHint,
      this.inputGroup,
      el(
        'fieldset',
        'jp-codesteer-group jp-codesteer-numbers',
        el('legend', {}, words.__('Limits')),
        field(words.__('Rounds'), numbers.rounds),
        field(words.__('Seconds'), numbers.seconds),
        field(words.__('Tokens'), numbers.tokens),
        field(words.__('US dollars'), numbers.cost)
      ),
      el(
        'div',
        { class: 'jp-codesteer-previewed' },
        el('span', 'jp-codesteer-label', words.__('The cell')),
        this.preview
      ),
      el('div', 'jp-codesteer-buttons', ...this.buttons),
      this.models
    );
    this.preview.setAttribute('aria-label', words.__('The cell'));
    form.addEventListener('input', () => {
      this.draw();
    });
    form.addEventListener('submit', event => {
      event.preventDefault();
    });
    form.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.shiftKey)) {
        event.preventDefault();
        event.stopPropagation();
        this.write(true);
      } else if (event.key === 'Escape') {
        this.around.onClose();
      }
    });
    const title = heading(3, 'jp-codesteer-title', words.__('New run'));
    this.node = el('div', 'jp-codesteer-composer', el('div', 'jp-codesteer-bar', title, close), form);
    this.keyHint.hidden = true;
    this.draw();
  }

  focus(): void {
    this.prompt.focus();
  }

  /** Asks the notebook's kernel anew. */
  async ask(): Promise<void> {
    const ask = (this.asks += 1);
    const { words } = this;
    const notebook = this.around.notebook();
    const kernel = notebook?.sessionContext.session?.kernel;
    this.offer = null;
    if (!notebook || !isWritable(notebook)) {
      this.say(
        notebook
          ? words.__('This notebook is read-only: no cell can be put into it.')
          : words.__('Open a notebook to put a cell into.')
      );
    } else if (!kernel) {
      this.say(words.__('No kernel: models and variables cannot be listed. Any model can be named.'));
    } else {
      this.say(
        kernel.status === 'busy' ? words.__('The kernel is busy; it will list its models when it has time.') : ''
      );
      try {
        const offer = await offerOf(kernel);
        if (ask === this.asks) {
          this.offer = offer;
          this.say(offer.loaded ? '' : words.__('%1 will be put into a cell before.', LOAD));
        }
      } catch (fault) {
        if (ask === this.asks) {
          this.say(
            fault instanceof PackageMissing
              ? words.__("CodeSteer is not installed in this kernel's environment. Run there: %1", INSTALL)
              : words.__('The kernel cannot tell its models and variables: %1', (fault as Error).message)
          );
        }
      }
    }
    this.fill();
    this.draw();
  }

  private say(text: string): void {
    setText(this.hint, text);
    setShown(this.hint, text !== '');
  }

  private fill(): void {
    const { words, offer } = this;
    const options = (offer?.models ?? []).map(({ name, note, key, variable }) => {
      const state =
        key === '' ? '' : key === 'present' ? words.__('key present') : words.__('key %1 missing', variable);
      return el('option', { value: name }, [state, note].filter(Boolean).join(' · '));
    });
    this.models.replaceChildren(...options);
    const defaults = offer?.defaults;
    this.target.placeholder = defaults?.target ?? words.__('by default');
    this.steerer.placeholder = defaults && defaults.steerer !== '' ? defaults.steerer : words.__('the target itself');
    for (const name of ['rounds', 'seconds', 'tokens', 'cost'] as const) {
      this.numbers[name].placeholder = defaults
        ? String(defaults[name] ?? words.__('no limit'))
        : words.__('by default');
    }
    const variables = offer?.variables ?? [];
    const present = new Set(variables.map(({ name }) => name));
    for (const name of this.chosen) {
      if (!present.has(name)) {
        this.chosen.delete(name);
      }
    }
    setShown(this.inputGroup, offer !== null);
    const none = el('p', 'jp-codesteer-muted', words.__('The notebook has no variables yet.'));
    this.inputs.replaceChildren(...(variables.length > 0 ? variables.map(one => this.choice(one)) : [none]));
  }

  private choice({ name, type, shape }: OfferedVariable): HTMLElement {
    const box = el('input', { type: 'checkbox', value: name });
    box.checked = this.chosen.has(name);
    box.addEventListener('change', () => {
      if (box.checked) {
        this.chosen.add(name);
      } else {
        this.chosen.delete(name);
      }
    });
    const about = [type, shape].filter(Boolean).join(' ');
    return el('label', 'jp-codesteer-choice', box, el('code', {}, name), el('span', 'jp-codesteer-muted', about));
  }

  private get draft(): Draft {
    const { rounds, seconds, tokens, cost } = this.numbers;
    return {
      ...BLANK,
      prompt: this.prompt.value,
      target: this.target.value,
      steerer: this.steerer.value,
      inputs: [...this.chosen],
      rounds: valueOf(rounds),
      seconds: valueOf(seconds),
      tokens: valueOf(tokens),
      cost: valueOf(cost)
    };
  }

  private draw(): void {
    const { draft } = this;
    setText(this.preview, written(draft));
    const notebook = this.around.notebook();
    const canWrite = !!notebook && isWritable(notebook) && draft.prompt.trim() !== '';
    const [insert, run] = this.buttons;
    insert?.toggleAttribute('disabled', !canWrite);
    run?.toggleAttribute('disabled', !canWrite || !notebook.sessionContext.session?.kernel);
    const missing = this.offer?.models.find(
      ({ name, key }) => key === 'missing' && (name === draft.target.trim() || name === draft.steerer.trim())
    );
    setText(
      this.keyHint,
      missing ? this.words.__('%1 needs a key: set %2 in the kernel.', missing.name, missing.variable) : ''
    );
    setShown(this.keyHint, missing !== undefined);
  }

  private write(isRun: boolean): void {
    const notebook = this.around.notebook();
    const [insert, run] = this.buttons;
    if (!notebook || (isRun ? run : insert)?.disabled) {
      return;
    }
    if (this.offer && !this.offer.loaded) {
      addLoading(notebook, isRun);
      this.offer = { ...this.offer, loaded: true };
      this.say('');
    }
    addCell(notebook, written(this.draft));
    if (isRun) {
      runActive({ panel: notebook });
    }
    this.prompt.value = '';
    this.draw();
    this.around.onClose();
  }

  private modelField(name: string): HTMLInputElement {
    return el('input', {
      id: `jp-codesteer-${name}`,
      class: 'jp-mod-styled',
      list: 'jp-codesteer-models',
      autocomplete: 'off',
      spellcheck: 'false'
    });
  }
}

function numberField(name: string, least: string, step: string): HTMLInputElement {
  return el('input', { id: `jp-codesteer-${name}`, class: 'jp-mod-styled', type: 'number', min: least, step });
}

function field(label: string, input: HTMLElement): HTMLElement {
  return el('div', 'jp-codesteer-field', el('label', { for: input.id }, label), input);
}

/** A limit that is none (nothing written, zero, less) is left to the kernel's default. */
function valueOf(input: HTMLInputElement): number | null {
  const value = input.valueAsNumber;
  return value > 0 ? value : null;
}
