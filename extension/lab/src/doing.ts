/** What can be done with a run of a notebook, and doing it. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { CodeCell } from '@jupyterlab/cells';
import type { RunActions } from '@codesteer/view';
import { asks, continuing, nameIn, rerunning } from '@codesteer/view/parts/cellText.js';
import { codeOf, exported, fileName, type Format, FORMATS } from '@codesteer/view/parts/files.js';

import {
  activate,
  addCell,
  addLoading,
  insertBelow,
  isFixed,
  isWritable,
  type RunCell,
  runActive,
  sourceOf
} from './cell.js';
import { deleteKept } from './kept.js';
import { type AnyRun, type IRunIndex, isKept, type KeptRun, type Run } from './tokens.js';
import { ENGLISH, type Words } from './words.js';

/** What a run allows where it stands. */
export interface Possible {
  readonly goTo: boolean;
  readonly stop: boolean;
  readonly rerun: boolean;
  readonly feedback: boolean;
  readonly insert: boolean;
  readonly copy: boolean;
  readonly forget: boolean;
}

/** What a run allows, wherever it is. */
function thinkable(run: AnyRun): Possible {
  const { record, panel, isStopping } = run;
  const live = record.status === 'running' || record.status === 'queued';
  const hasKernel = !!panel.sessionContext.session?.kernel;
  return {
    goTo: true,
    stop: live && hasKernel && !isStopping,
    rerun: !live && hasKernel,
    feedback: !live && hasKernel && idOf(run) !== '',
    insert: codeOf(record) !== '',
    copy: !!record.answer,
    forget: !live
  };
}

/** Why the place of a run does not allow what the run itself would, in the reader's language. */
export function hindrances(run: AnyRun, words: Words): Readonly<Partial<Record<keyof Possible, string>>> {
  const can = thinkable(run);
  const held = Object.entries(heldBy(run, words)).filter(([deed]) => can[deed as keyof Possible]);
  return Object.fromEntries(held);
}

function heldBy(run: AnyRun, words: Words): Partial<Record<keyof Possible, string>> {
  const held: Partial<Record<keyof Possible, string>> = {};
  if (!isWritable(run.panel)) {
    const why = words.__('This notebook is read-only.');
    Object.assign(held, { rerun: why, feedback: why, insert: why }, isKept(run) ? {} : { forget: why });
  }
  if (isKept(run)) {
    held.goTo = words.__('This run is kept on disk: no cell of this notebook is meant.');
    held.stop = words.__('This run goes on elsewhere: stop it in its notebook.');
  } else if (isFixed(run.cell)) {
    held.forget ??= words.__('This cell is read-only.');
  }
  return held;
}

/** Says what can be served: cells need a notebook that can be written, runs need a kernel. */
export function possible(run: AnyRun): Possible {
  const can: Record<keyof Possible, boolean> = { ...thinkable(run) };
  for (const deed of Object.keys(heldBy(run, ENGLISH)) as (keyof Possible)[]) {
    can[deed] = false;
  }
  return can;
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
export function rerun(run: AnyRun): void {
  if (isKept(run)) {
    begin(run, rerunning(idOf(run)));
    return;
  }
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
export function goOn(run: AnyRun, words: string): void {
  if (isKept(run)) {
    begin(run, continuing('', idOf(run), words));
    return;
  }
  const here = placeOf(run);
  if (here) {
    insertBelow(here, continuing(sourceOf(here), idOf(run), words));
    runActive(here);
  }
}

/** Puts a cell below the active one, and runs it. */
function begin({ panel, isLoaded }: KeptRun, source: string): void {
  if (!isLoaded) {
    addLoading(panel, true);
  }
  addCell(panel, source);
  runActive({ panel });
}

/** Puts a program into a cell below the run's; of a run on disk, below the active one. */
export function insert(run: AnyRun, code: string): void {
  if (isKept(run)) {
    addCell(run.panel, code);
    return;
  }
  const here = placeOf(run);
  if (here) {
    insertBelow(here, code);
  }
}

/** Takes a run out of its notebook, and out of the kernel's history where that has it. */
export async function remove(run: AnyRun): Promise<void> {
  if (isKept(run)) {
    await run.forget();
    return;
  }
  const id = idOf(run);
  const { kernel } = run.panel.sessionContext.session ?? {};
  run.cell.outputs.remove(run.output);
  if (kernel && id !== '') {
    // A kernel that never had the run, or has no CodeSteer, has nothing to delete.
    await deleteKept(kernel, id).catch(() => undefined);
  }
}

/** What the shared view's buttons do with a run. */
export function actionsOf(run: AnyRun, index: IRunIndex): RunActions {
  const can = possible(run);
  return {
    ...(!isKept(run) && (can.stop || run.isStopping) ? { stop: () => index.stop(run) } : {}),
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

/** The forms that a run has. */
export function formatsOf(run: AnyRun): Format[] {
  return FORMATS.filter(format =>
    isKept(run) ? format !== 'py' || codeOf(run.record) !== '' : exportedFrom(run, format) !== null
  );
}

/** The run in this form, as its notebook has it, or null where it has none. */
function exportedFrom(run: Run, format: Format): string | null {
  const { data } = run.cell.outputs.get(run.output);
  return exported(run.record, format, type => (typeof data[type] === 'string' ? data[type] : null));
}

/** Has the browser save a run. */
export async function download(run: AnyRun, format: Format): Promise<void> {
  const text = isKept(run) ? await run.exported(format) : exportedFrom(run, format);
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
function idOf({ record: { id } }: AnyRun): string {
  return nameIn(id);
}

function placeOf({ panel, cell }: Run): RunCell | null {
  const widget = panel.content.widgets.find(({ model }) => model === cell);
  return widget ? { panel, cell: widget as CodeCell } : null;
}
