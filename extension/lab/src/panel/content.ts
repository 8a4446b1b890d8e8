/** What the side panel holds; loaded when the panel is first seen, with its style. */

import '../../style/panel.css';
import '@codesteer/view/compare.css';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
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
  searchIcon,
  stopIcon,
  tableRowsIcon,
  treeViewIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Menu, Widget } from '@lumino/widgets';
import { el, setAttribute, setShown, setText } from '@codesteer/view/parts/dom.js';
import { ANY, fitting, modelsOf, type Wish } from '@codesteer/view/parts/filter.js';
import { STATUS } from '@codesteer/view/parts/words.js';

import { CommandIDs } from '../commandIds.js';
import { formatsOf, goTo, hindrances, possible, type Possible } from '../doing.js';
import { type AnyRun, type IRunIndex, isKept, type KeptRun } from '../tokens.js';
import { languageOf, type Words } from '../words.js';
import { action, tool } from './buttons.js';
import { Comparison } from './compare.js';
import { Composer } from './composer.js';
import { Detail } from './detail.js';
import { type Scope, whyEmpty } from './empty.js';
import { History } from './history.js';
import { RunList } from './list.js';

const TICK_MS = 1000;

/** A button for the chosen run, and what the run must allow for it; nothing where every run does. */
interface RunButton {
  readonly node: HTMLButtonElement;
  readonly label: string;
  readonly deed: keyof Possible | undefined;
}

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
  private readonly scope: HTMLSelectElement;
  private readonly count = el('p', { class: 'jp-codesteer-count', role: 'status' });
  private readonly empty = el('div', 'jp-codesteer-empty');
  private readonly tools: HTMLElement;
  private readonly browser: HTMLElement;
  private readonly composer: Composer;
  private readonly comparison: Comparison;
  private detail: Detail | null = null;
  private readonly buttons: readonly RunButton[];
  private readonly history: History;
  private readonly compareButton: HTMLButtonElement;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private composedFor: NotebookPanel | null = null;

  constructor(
    private readonly parts: Parts,
    private readonly onSelect: (run: AnyRun | null) => void
  ) {
    super();
    const { words, index, tracker } = parts;
    this.addClass('jp-codesteer');
    const language = languageOf(words);
    this.list = new RunList(words, language, {
      onChoose: run => {
        if (!isKept(run)) {
          goTo(run, parts.shell).catch(console.error);
        }
      },
      onOpen: run => {
        this.open(run);
      },
      onSelect: () => {
        this.readChosen();
        this.drawChosen();
      },
      onEnd: () => {
        if (this.isHistory) {
          this.history.more();
        }
      }
    });
    this.history = new History(() => {
      this.draw();
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
    const scopes: Readonly<Record<Scope, string>> = {
      notebook: words.__('This notebook'),
      open: words.__('All open notebooks'),
      kept: words.__('Kept on disk')
    };
    this.scope = el(
      'select',
      { class: 'jp-mod-styled jp-codesteer-scope', 'aria-label': words.__('Runs of') },
      ...Object.entries(scopes).map(([value, name]) => el('option', { value }, name))
    );
    for (const control of [this.search, this.status, this.model, this.scope]) {
      control.addEventListener('input', () => {
        this.draw();
      });
    }
    const compose = action(addIcon, words.__('New run'), () => {
      this.compose();
    });
    const onChosen = (
      icon: LabIcon,
      label: string,
      deed: keyof Possible | undefined,
      act: (run: AnyRun) => void
    ): RunButton => {
      const node = tool(icon, label, () => {
        const run = this.chosen;
        if (run && node.ariaDisabled !== 'true') {
          act(run);
        }
      });
      return { node, label, deed };
    };
    const command =
      (id: string) =>
      (run: AnyRun): void => {
        parts.commands.execute(id, { run: run.key }).catch((fault: unknown) => {
          void showErrorMessage(words.__('CodeSteer'), fault as Error);
        });
      };
    this.buttons = [
      onChosen(stopIcon, words.__('Stop'), 'stop', command(CommandIDs.stop)),
      onChosen(treeViewIcon, words.__('Show the rounds'), undefined, run => {
        this.open(run);
      }),
      onChosen(searchIcon, words.__('Show its cell'), 'goTo', command(CommandIDs.goTo)),
      onChosen(refreshIcon, words.__('Run again'), 'rerun', command(CommandIDs.rerun)),
      onChosen(editIcon, words.__('Continue with feedback'), 'feedback', command(CommandIDs.goOn)),
      onChosen(addBelowIcon, words.__('Insert the code below'), 'insert', command(CommandIDs.insert)),
      onChosen(copyIcon, words.__('Copy the answer'), 'copy', command(CommandIDs.copy)),
      onChosen(downloadIcon, words.__('Export'), undefined, run => {
        this.offerFormats(run);
      }),
      onChosen(deleteIcon, words.__('Delete'), 'forget', command(CommandIDs.remove))
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
      ...this.buttons.map(({ node }) => node),
      this.compareButton
    );
    this.comparison = new Comparison(words, language, () => {
      this.closeDetail();
    });
    this.browser = el(
      'div',
      'jp-codesteer-browser',
      el('div', { class: 'jp-codesteer-bar' }, compose, this.scope),
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
    index.ended.connect(this.readAnew, this);
    tracker.currentChanged.connect(this.follow, this);
  }

  override dispose(): void {
    clearInterval(this.ticker);
    this.history.dispose();
    this.list.dispose();
    this.detail?.dispose();
    super.dispose();
  }

  /** Shows the rounds of a run below the list. */
  open(run: AnyRun, feedback = false): void {
    if (isKept(run) && !run.isWhole) {
      void this.wholly([run], whole => {
        this.open(whole, feedback);
      });
      return;
    }
    this.showBrowser();
    this.list.select(run);
    this.comparison.node.remove();
    this.showRounds(run).focus(feedback);
  }

  /** Shows two runs side by side. */
  compare(first: AnyRun, second: AnyRun): void {
    if ([first, second].some(run => isKept(run) && !run.isWhole)) {
      void this.wholly([first, second], (one, other) => {
        this.compare(one, other);
      });
      return;
    }
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
    this.scope.value = (isAll ? 'open' : 'notebook') satisfies Scope;
    this.draw();
  }

  /** The run on disk of this key, where it is listed. */
  findKept(key: string): KeptRun | null {
    return this.history.runs.find(run => run.key === key) ?? null;
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
    // What was opened on the way here has the focus already.
    if (this.node.contains(document.activeElement)) {
      return;
    }
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

  private get chosen(): AnyRun | null {
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

  private get isHistory(): boolean {
    return this.scope.value === ('kept' satisfies Scope);
  }

  /** Runs of the scope, newest first; of the history those that fit and were read. */
  private get runs(): readonly AnyRun[] {
    const { index, tracker } = this.parts;
    const panel = tracker.currentWidget;
    if (this.isHistory) {
      this.history.want(panel, this.wish);
      return this.history.runs;
    }
    const runs = this.scope.value === ('open' satisfies Scope) ? index.runs : panel ? index.of(panel) : [];
    return [...runs].reverse();
  }

  private draw(): void {
    // What nobody sees is drawn when it is shown.
    if (!this.isVisible) {
      return;
    }
    const { words } = this.parts;
    const { runs, history, isHistory } = this;
    this.offerModels(isHistory ? history.models : modelsOf(runs));
    const fit = isHistory ? runs : fitting(runs, this.wish);
    const [fits, all] = isHistory ? [history.fit, history.all] : [fit.length, runs.length];
    setShown(this.list.node, fit.length > 0);
    this.list.show(fit, fits);
    setText(this.count, fits === all ? words._n('%1 run', '%1 runs', all) : words.__('%1 of %2 runs', fits, all));
    setShown(this.count, all > 0);
    this.drawEmpty(all, fit.length);
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
    const { activeElement } = document;
    const can = run && possible(run);
    const held = run ? hindrances(run, this.parts.words) : {};
    for (const { node, label, deed } of this.buttons) {
      const why = deed && held[deed];
      setShown(node, can !== null && (deed === undefined || can[deed] || why !== undefined));
      // It keeps its place among the keys' stops, so that the reason can be read there, too.
      setAttribute(node, 'aria-disabled', why === undefined ? null : 'true');
      setAttribute(node, 'aria-description', why ?? null);
      setAttribute(node, 'title', why === undefined ? label : `${label}: ${why}`);
    }
    const isReadable = run && (!isKept(run) || run.isWhole);
    if (isReadable && this.detail && this.detail.key !== run.key) {
      this.showRounds(run);
    }
    setShown(this.compareButton, chosen.length === 2);
    setShown(this.tools, chosen.length > 0);
    // Whoever pressed a button that is not there any more stays near.
    if (this.tools.contains(activeElement) && activeElement?.closest('[hidden]')) {
      (this.list.node.hidden ? this.search : this.list.node).focus();
    }
    this.onSelect(this.chosen);
  }

  private drawEmpty(all: number, fit: number): void {
    setShown(this.empty, fit === 0);
    if (fit > 0) {
      return;
    }
    const { words, tracker } = this.parts;
    const lack = this.isHistory ? this.history.lack : null;
    const scope = this.scope.value as Scope;
    const [title, cure] = whyEmpty({ lack, all, scope, notebook: tracker.currentWidget }, words);
    const text = `${title}\n${cure}`;
    if (this.empty.dataset.text !== text) {
      this.empty.dataset.text = text;
      this.empty.replaceChildren(el('p', 'jp-codesteer-title', title), el('p', 'jp-codesteer-muted', cure));
      if (lack !== null && (lack === 'package' || typeof lack === 'object')) {
        this.empty.append(
          action(refreshIcon, words.__('Try again'), () => {
            this.history.refresh();
          })
        );
      }
    }
  }

  private offerModels(models: readonly string[]): void {
    const names = ['', ...models];
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

  private offerFormats(run: AnyRun): void {
    const menu = new Menu({ commands: this.parts.commands });
    for (const format of formatsOf(run)) {
      menu.addItem({ command: CommandIDs.export, args: { run: run.key, format, short: true } });
    }
    const place = this.tools.getBoundingClientRect();
    menu.open(place.left, place.bottom);
  }

  /** A chosen run on disk is read whole, so that all that can be done with it can be done at once. */
  private readChosen(): void {
    void this.wholly(this.list.chosen, () => undefined);
  }

  /** Goes on with these runs when the records of those on disk were read. */
  private async wholly(runs: readonly AnyRun[], then: (...whole: AnyRun[]) => void): Promise<void> {
    const whole: AnyRun[] = [];
    try {
      for (const run of runs) {
        whole.push(isKept(run) ? await this.history.whole(run) : run);
      }
    } catch (fault) {
      void showErrorMessage(this.parts.words.__('The run cannot be read'), fault as Error);
      return;
    }
    then(...whole);
  }

  /** The history has one run more. */
  private readAnew(): void {
    if (this.isHistory && this.isVisible) {
      this.history.refresh();
    }
  }

  private follow(): void {
    if (!this.composer.node.hidden && this.composedFor !== this.parts.tracker.currentWidget) {
      this.composedFor = this.parts.tracker.currentWidget;
      this.composer.ask().catch(console.error);
    }
    this.draw();
  }

  /** Each run has a view of its own: what is opened or written in one is not meant for another. */
  private showRounds(run: AnyRun): Detail {
    if (this.detail?.key !== run.key) {
      this.dropDetail();
    }
    if (!this.detail) {
      this.detail = new Detail(this.parts.words, this.parts.index, () => {
        this.closeDetail();
      });
      this.browser.append(this.detail.node);
    }
    this.detail.show(run);
    return this.detail;
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
