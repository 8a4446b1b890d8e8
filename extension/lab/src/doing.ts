/** What can be done with a run of a notebook, and doing it. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { CodeCell } from '@jupyterlab/cells';
import type { RunActions } from '@codesteer/view';
import { asks, continuing, nameIn, rerunning } from '@codesteer/view/parts/cellText.js';
import { codeOf, exported, fileName, type Format } from '@codesteer/view/parts/files.js';

import { activate, insertBelow, type RunCell, runActive, sourceOf } from './cell.js';
import { forget } from './kernel.js';
import type { IRunIndex, Run } from './tokens.js';

/** What a run allows where it stands. */
export interface Possible {
  readonly stop: boolean;
  readonly rerun: boolean;
  readonly feedback: boolean;
  readonly insert: boolean;
  readonly copy: boolean;
  readonly forget: boolean;
}

/** Says what can be served: cells need a notebook that can be written, runs need a kernel. */
export function possible(run: Run): Possible {
  const { record, panel } = run;
  const live = record.status === 'running' || record.status === 'queued';
  const hasKernel = !!panel.sessionContext.session?.kernel;
  const isWritable = !panel.context.model.readOnly;
  return {
    stop: live && hasKernel && !run.isStopping,
    rerun: !live && hasKernel && isWritable,
    feedback: !live && hasKernel && isWritable && idOf(run) !== '',
    insert: isWritable && codeOf(run.record) !== '',
    copy: !!record.answer,
    forget: !live && isWritable
  };
}

/** Shows the cell of a run and marks it for a moment. */
export async function goTo(run: Run, shell: JupyterFrontEnd.IShell): Promise<void> {
  const here = placeOf(run);
  if (!here) {
    return;
  }
  shell.activateById(run.panel.id);
  activate(here);
  await run.panel.content.scrollToCell(here.cell, 'smart');
  const { classList } = here.cell.node;
  classList.remove('jp-codesteer-flash');
  // Starts the animation anew where it goes on already.
  here.cell.node.getBoundingClientRect();
  classList.add('jp-codesteer-flash');
  here.cell.node.addEventListener(
    'animationend',
    () => {
      classList.remove('jp-codesteer-flash');
    },
    { once: true }
  );
}

/** Asks the question of a run again. */
export function rerun(run: Run): void {
  const here = placeOf(run);
  if (here) {
    if (asks(sourceOf(here))) {
      activate(here);
    } else {
      insertBelow(here, rerunning(idOf(run)));
    }
    runActive(here);
  }
}

/** Begins a run that goes on from this one with the reader's words. */
export function goOn(run: Run, words: string): void {
  const here = placeOf(run);
  if (here) {
    insertBelow(here, continuing(sourceOf(here), idOf(run), words));
    runActive(here);
  }
}

/** Puts a program into a cell below the run's. */
export function insert(run: Run, code: string): void {
  const here = placeOf(run);
  if (here) {
    insertBelow(here, code);
  }
}

/** Takes a run out of the notebook, and out of the kernel's history where that has it. */
export async function remove(run: Run): Promise<void> {
  const id = idOf(run);
  const { kernel } = run.panel.sessionContext.session ?? {};
  run.cell.outputs.remove(run.output);
  if (kernel && id !== '') {
    // A kernel that never had the run, or has no CodeSteer, has nothing to delete.
    await forget(kernel, id).catch(() => undefined);
  }
}

/** What the shared view's buttons do with a run. */
export function actionsOf(run: Run, index: IRunIndex): RunActions {
  const can = possible(run);
  return {
    ...(can.stop || run.isStopping ? { stop: () => index.stop(run) } : {}),
    ...(can.insert
      ? {
          insertCode: code => {
            insert(run, code);
          }
        }
      : {}),
    ...(can.feedback
      ? {
          feedback: words => {
            goOn(run, words);
          }
        }
      : {}),
    ...(can.rerun
      ? {
          rerun: () => {
            rerun(run);
          }
        }
      : {})
  };
}

/** The run in this form, or null where it has none. */
export function exportedFrom(run: Run, format: Format): string | null {
  const { data } = run.cell.outputs.get(run.output);
  return exported(run.record, format, type => (typeof data[type] === 'string' ? data[type] : null));
}

/** Has the browser save a run. */
export function download(run: Run, format: Format): void {
  const text = exportedFrom(run, format);
  if (text === null) {
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = fileName(idOf(run), format);
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A run's name, where it can stand in a cell. */
function idOf({ record: { id } }: Run): string {
  return nameIn(id);
}

function placeOf({ panel, cell }: Run): RunCell | null {
  const widget = panel.content.widgets.find(({ model }) => model === cell);
  return widget ? { panel, cell: widget as CodeCell } : null;
}
