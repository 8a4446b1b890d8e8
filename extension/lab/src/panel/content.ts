/** What the side panel holds; loaded when the panel is first seen. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import {
  addBelowIcon,
  addIcon,
  copyIcon,
  deleteIcon,
  downloadIcon,
  editIcon,
  type LabIcon,
  refreshIcon,
  stopIcon,
  tableRowsIcon,
  treeViewIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Menu, Widget } from '@lumino/widgets';
import { el, setShown, setText } from '@codesteer/view/parts/dom.js';
import { FORMATS } from '@codesteer/view/parts/files.js';
import { ANY, fitting, modelsOf, type Wish } from '@codesteer/view/parts/filter.js';
import { STATUS } from '@codesteer/view/parts/words.js';

import { CommandIDs } from '../commandIds.js';
import { exportedFrom, goTo, possible } from '../doing.js';
import type { IRunIndex, Run } from '../tokens.js';
import { languageOf, type Words } from '../words.js';
import { action, tool } from './buttons.js';
import { Comparison } from './compare.js';
import { Composer } from './composer.js';
import { Detail } from './detail.js';
import { RunList } from './list.js';

const TICK_MS = 1000;

/** What the panel is made from. */
export interface Parts {
  readonly index: IRunIndex;
  readonly tracker: INotebookTracker;
  readonly shell: JupyterFrontEnd.IShell;
  readonly commands: CommandRegistry;
  readonly words: Words;
}

/** Ways to look at runs and to begin one. */
export class RunsContent extends Widget {
  private readonly list: RunList;
  private readonly search: HTMLInputElement;
  private readonly status: HTMLSelectElement;
  private readonly model: HTMLSelectElement;
  private readonly scope: HTMLInputElement;
  private readonly count = el('p', { class: 'jp-codesteer-count', role: 'status' });
  private readonly empty = el('div', 'jp-codesteer-empty');
  private readonly tools: HTMLElement;
  private readonly browser: HTMLElement;
  private readonly composer: Composer;
  private readonly comparison: Comparison;
  private detail: Detail | null = null;
  private readonly buttons: readonly (readonly [HTMLButtonElement, (run: Run) => boolean])[];
  private readonly compareButton: HTMLButtonElement;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private composedFor: NotebookPanel | null = null;

  constructor(
    private readonly parts: Parts,
    private readonly onSelect: (run: Run | null) => void
  ) {
    super();
    const { words, index, tracker } = parts;
    this.addClass('jp-codesteer');
    const language = languageOf(words);
    this.list = new RunList(words, language, {
      onChoose: run => {
        goTo(run, parts.shell).catch(console.error);
      },
      onOpen: run => {
        this.open(run);
      },
      onSelect: () => {
        this.drawChosen();
      }
    });
    this.search = el('input', {
      type: 'search',
      class: 'jp-mod-styled',
      placeholder: words.__('Search runs'),
      'aria-label': words.__('Search runs')
    });
    const statuses = (Object.keys(STATUS) as (keyof typeof STATUS)[]).map(name =>
      el('option', { value: name }, language.say(STATUS[name].words))
    );
    const anyStatus = el('option', { value: '' }, words.__('Any status'));
    const styled = { class: 'jp-mod-styled' };
    this.status = el('select', { ...styled, 'aria-label': words.__('Status') }, anyStatus, ...statuses);
    this.model = el('select', { ...styled, 'aria-label': words.__('Model') });
    this.scope = el('input', { type: 'checkbox', id: 'jp-codesteer-scope' });
    for (const control of [this.search, this.status, this.model, this.scope]) {
      control.addEventListener('input', () => {
        this.draw();
      });
    }
    const compose = action(addIcon, words.__('New run'), () => {
      this.compose();
    });
    const onChosen = (icon: LabIcon, label: string, can: (run: Run) => boolean, act: (run: Run) => void) =>
      [
        tool(icon, label, () => {
          const run = this.chosen;
          if (run) {
            act(run);
          }
        }),
        can
      ] as const;
    const command =
      (id: string) =>
      (run: Run): void => {
        parts.commands.execute(id, { run: run.key }).catch(console.error);
      };
    this.buttons = [
      onChosen(stopIcon, words.__('Stop'), run => possible(run).stop, command(CommandIDs.stop)),
      onChosen(
        treeViewIcon,
        words.__('Show the rounds'),
        () => true,
        run => {
          this.open(run);
        }
      ),
      onChosen(refreshIcon, words.__('Run again'), run => possible(run).rerun, command(CommandIDs.rerun)),
      onChosen(editIcon, words.__('Continue with feedback'), run => possible(run).feedback, command(CommandIDs.goOn)),
      onChosen(
        addBelowIcon,
        words.__('Insert the code below'),
        run => possible(run).insert,
        command(CommandIDs.insert)
      ),
      onChosen(copyIcon, words.__('Copy the answer'), run => possible(run).copy, command(CommandIDs.copy)),
      onChosen(
        downloadIcon,
        words.__('Export'),
        () => true,
        run => {
          this.offerFormats(run);
        }
      ),
      onChosen(deleteIcon, words.__('Delete'), run => possible(run).forget, command(CommandIDs.remove))
    ];
    this.compareButton = action(tableRowsIcon, words.__('Compare'), () => {
      const [first, second] = this.list.chosen;
      if (first && second) {
        this.compare(first, second);
      }
    });
    this.tools = el(
      'div',
      { class: 'jp-codesteer-tools', role: 'toolbar', 'aria-label': words.__('The chosen run') },
      ...this.buttons.map(([node]) => node),
      this.compareButton
    );
    this.comparison = new Comparison(words, language, () => {
      this.closeDetail();
    });
    this.browser = el(
      'div',
      'jp-codesteer-browser',
      el(
        'div',
        { class: 'jp-codesteer-bar' },
        compose,
        el('label', 'jp-codesteer-scope', this.scope, el('span', {}, words.__('All open notebooks')))
      ),
      el('div', { class: 'jp-codesteer-filter', role: 'search' }, this.search, this.status, this.model),
      this.count,
      this.list.node,
      this.empty,
      this.tools
    );
    this.composer = new Composer(words, {
      notebook: () => tracker.currentWidget,
      onClose: () => {
        this.showBrowser();
        compose.focus();
      }
    });
    this.composer.node.hidden = true;
    this.node.append(this.browser, this.composer.node);
    index.changed.connect(this.draw, this);
    tracker.currentChanged.connect(this.follow, this);
  }

  override dispose(): void {
    clearInterval(this.ticker);
    this.list.dispose();
    this.detail?.dispose();
    super.dispose();
  }

  /** Shows the rounds of a run below the list. */
  open(run: Run, feedback = false): void {
    this.showBrowser();
    this.list.select(run);
    this.comparison.node.remove();
    if (!this.detail) {
      this.detail = new Detail(this.parts.words, this.parts.index, () => {
        this.closeDetail();
      });
      this.browser.append(this.detail.node);
    }
    this.detail.show(run);
    this.detail.focus(feedback);
  }

  /** Shows two runs side by side. */
  compare(first: Run, second: Run): void {
    this.showBrowser();
    this.dropDetail();
    this.comparison.show(first, second);
    this.browser.append(this.comparison.node);
    this.comparison.focus();
  }

  /** Shows the form for a new run. */
  compose(): void {
    this.browser.hidden = true;
    this.composer.node.hidden = false;
    this.composedFor = this.parts.tracker.currentWidget;
    this.composer.ask().catch(console.error);
    this.composer.focus();
  }

  /** Shows the runs of all open notebooks, or of the active one. */
  showAll(isAll: boolean): void {
    this.scope.checked = isAll;
    this.draw();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.begin();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.begin();
  }

  protected override onBeforeHide(message: Message): void {
    clearInterval(this.ticker);
    super.onBeforeHide(message);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.browser.hidden) {
      this.composer.focus();
    } else {
      this.search.focus();
    }
  }

  private begin(): void {
    clearInterval(this.ticker);
    this.ticker = setInterval(() => {
      this.list.tick();
    }, TICK_MS);
    this.draw();
  }

  private get chosen(): Run | null {
    return this.list.chosen.at(-1) ?? null;
  }

  private get wish(): Wish {
    return {
      ...ANY,
      text: this.search.value,
      status: this.status.value as Wish['status'],
      model: this.model.value
    };
  }

  /** Runs of the scope, newest first. */
  private get runs(): Run[] {
    const { index, tracker } = this.parts;
    const panel = tracker.currentWidget;
    const runs = this.scope.checked ? index.runs : panel ? index.of(panel) : [];
    return [...runs].reverse();
  }

  private draw(): void {
    // What nobody sees is drawn when it is shown.
    if (!this.isVisible) {
      return;
    }
    const { words } = this.parts;
    const { runs } = this;
    this.offerModels(runs);
    const fit = fitting(runs, this.wish);
    this.list.show(fit);
    setShown(this.list.node, fit.length > 0);
    setText(
      this.count,
      fit.length === runs.length
        ? words._n('%1 run', '%1 runs', runs.length)
        : words.__('%1 of %2 runs', fit.length, runs.length)
    );
    setShown(this.count, runs.length > 0);
    this.drawEmpty(runs.length, fit.length);
    const shown = runs.find(({ key }) => key === this.detail?.key);
    if (shown) {
      this.detail?.show(shown);
    } else if (this.detail) {
      this.closeDetail();
    }
    const [first, second] = this.comparison.keys.map(key => runs.find(run => run.key === key));
    if (first && second && this.comparison.node.isConnected) {
      this.comparison.show(first, second);
    }
    this.drawChosen();
  }

  private drawChosen(): void {
    const { chosen } = this.list;
    const run = chosen.length === 1 ? this.chosen : null;
    for (const [node, can] of this.buttons) {
      setShown(node, run !== null && can(run));
    }
    setShown(this.compareButton, chosen.length === 2);
    setShown(this.tools, chosen.length > 0);
    this.onSelect(this.chosen);
  }

  private drawEmpty(all: number, fit: number): void {
    setShown(this.empty, fit === 0);
    if (fit > 0) {
      return;
    }
    const { words, tracker } = this.parts;
    const panel = tracker.currentWidget;
    const [title, cure] =
      all > 0
        ? [words.__('No run fits.'), words.__('Change the search or the filters above.')]
        : !panel && !this.scope.checked
          ? [words.__('No notebook is open.'), words.__('Open one to see its runs.')]
          : panel && !panel.sessionContext.session?.kernel
            ? [
                words.__('No runs in this notebook.'),
                words.__('It has no kernel: start one to ask a question, or open a notebook with saved runs.')
              ]
            : [words.__('No runs yet.'), words.__('Begin a cell with %1, or choose New run.', '%%codesteer')];
    const text = `${title}\n${cure}`;
    if (this.empty.dataset.text !== text) {
      this.empty.dataset.text = text;
      this.empty.replaceChildren(el('p', 'jp-codesteer-title', title), el('p', 'jp-codesteer-muted', cure));
    }
  }

  private offerModels(runs: readonly Run[]): void {
    const names = ['', ...modelsOf(runs)];
    const shown = [...this.model.options].map(({ value }) => value);
    if (shown.length !== names.length || names.some((name, place) => name !== shown[place])) {
      const { value } = this.model;
      const { words } = this.parts;
      this.model.replaceChildren(
        ...names.map(name => el('option', { value: name }, name === '' ? words.__('Any model') : name))
      );
      this.model.value = names.includes(value) ? value : '';
    }
  }

  private offerFormats(run: Run): void {
    const menu = new Menu({ commands: this.parts.commands });
    for (const format of FORMATS) {
      if (exportedFrom(run, format) !== null) {
        menu.addItem({ command: CommandIDs.export, args: { run: run.key, format, short: true } });
      }
    }
    const place = this.tools.getBoundingClientRect();
    menu.open(place.left, place.bottom);
  }

  private follow(): void {
    if (!this.composer.node.hidden && this.composedFor !== this.parts.tracker.currentWidget) {
      this.composedFor = this.parts.tracker.currentWidget;
      this.composer.ask().catch(console.error);
    }
    this.draw();
  }

  private showBrowser(): void {
    this.composer.node.hidden = true;
    this.browser.hidden = false;
    this.draw();
  }

  private closeDetail(): void {
    this.dropDetail();
    this.comparison.node.remove();
    this.list.node.focus();
  }

  private dropDetail(): void {
    this.detail?.node.remove();
    this.detail?.dispose();
    this.detail = null;
  }
}
