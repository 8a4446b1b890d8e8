/** The side panel: a frame that is there from the start, and loads its content when it is first seen. */

import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';

import { codesteerIcon } from './icons.js';
import type { Parts, RunsContent } from './panel/content.js';
import { type AnyRun, type IRunsPanel, isKept, type KeptRun } from './tokens.js';

export class RunsPanel extends Widget implements IRunsPanel {
  private chosen: AnyRun | null = null;
  private loading: Promise<RunsContent> | undefined;
  private content: RunsContent | undefined;
  private isAll = false;

  constructor(private readonly parts: Parts) {
    super();
    this.id = 'codesteer-runs';
    this.addClass('jp-codesteer-panel');
    this.title.icon = codesteerIcon;
    this.title.caption = parts.words.__('CodeSteer runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', parts.words.__('CodeSteer runs'));
    this.layout = new PanelLayout();
  }

  get current(): AnyRun | null {
    // The list may have moved on since the run was chosen.
    const key = this.chosen?.key;
    return key === undefined ? null : (this.parts.index.runs.find(run => run.key === key) ?? this.findKept(key));
  }

  findKept(key: string): KeptRun | null {
    return this.content?.findKept(key) ?? null;
  }

  bringUp(): void {
    this.parts.shell.activateById(this.id);
  }

  compose(): void {
    this.withContent(content => {
      content.compose();
    });
  }

  open(run: AnyRun, feedback = false): void {
    this.withContent(content => {
      if (!isKept(run)) {
        content.showAll(this.parts.tracker.currentWidget !== run.panel);
      }
      content.open(run, feedback);
    });
  }

  compare(first: AnyRun, second: AnyRun): void {
    this.withContent(content => {
      if (!isKept(first) && !isKept(second)) {
        content.showAll(first.panel !== second.panel);
      }
      content.compare(first, second);
    });
  }

  /** Shows the runs of all open notebooks, or of the active one. */
  showAll(isAll: boolean): void {
    this.isAll = isAll;
    this.content?.showAll(isAll);
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    this.load().catch(console.error);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.load().then(content => {
      content.activate();
    }, console.error);
  }

  private withContent(act: (content: RunsContent) => void): void {
    this.parts.shell.activateById(this.id);
    this.load().then(act, console.error);
  }

  private load(): Promise<RunsContent> {
    this.loading ??= import('./panel/content.js').then(({ RunsContent: Content }) => {
      const content = new Content(this.parts, run => {
        this.chosen = run;
      });
      (this.layout as PanelLayout).addWidget(content);
      content.showAll(this.isAll);
      this.content = content;
      return content;
    });
    return this.loading;
  }
}
