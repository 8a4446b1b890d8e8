/** The runs that are kept on disk, asked of a kernel. */

import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { RunRecord } from '@codesteer/view';
import type { Format } from '@codesteer/view/parts/files.js';
import type { Wish } from '@codesteer/view/parts/filter.js';
import { isUnreadable, readRecord } from '@codesteer/view/parts/read.js';

import { ask, NotLoaded } from './control.js';
import { serve } from './kernel.js';

/** What the list on disk says of a run; question and answer are cut. */
export interface KeptRow {
  readonly id: string;
  readonly status: string;
  /** When it began, in ISO 8601; empty where that is not known. */
  readonly started: string;
  readonly target: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly prompt: string;
  readonly answer: string;
  /** The code of what it failed of; empty where it did not, absent from older kernels. */
  readonly error?: string;
  /** Whether it is pinned or rated, and so never removed to make room. */
  readonly kept: boolean;
}

/** A part of the list, newest first. */
export interface KeptPage {
  readonly runs: readonly KeptRow[];
  /** How many fit the wish, on all pages. */
  readonly fit: number;
  readonly all: number;
  /** The targets of all kept runs. */
  readonly models: readonly string[];
  /** Whether the kernel has the magics loaded. */
  readonly loaded: boolean;
}

/** Reads the page behind the run of the name `after`; the first one where that is empty. */
export function listKept(
  kernel: Kernel.IKernelConnection,
  { text, status, model }: Wish,
  after: string,
  limit: number
): Promise<KeptPage> {
  return asked<KeptPage>(kernel, { event: 'list', text, status, model, after, limit });
}

/** Reads the whole record of a run. */
export async function loadKept(kernel: Kernel.IKernelConnection, run: string): Promise<RunRecord> {
  const answer = await asked<{ record: unknown }>(kernel, { event: 'load', run });
  const record = readRecord(answer.record);
  if (isUnreadable(record)) {
    throw new Error('The kernel has a newer CodeSteer than this page.');
  }
  return record;
}

/** A run as the text of a file. */
export async function exportKept(kernel: Kernel.IKernelConnection, run: string, format: Format): Promise<string> {
  return (await asked<{ text: string }>(kernel, { event: 'export', run, format })).text;
}

/** Deletes a run. */
export async function deleteKept(kernel: Kernel.IKernelConnection, run: string): Promise<void> {
  await asked(kernel, { event: 'delete', run });
}

/** Asks; where nobody answers yet, has the kernel answer first. */
async function asked<T extends object>(kernel: Kernel.IKernelConnection, request: JSONObject): Promise<T> {
  const answer = await ask<T>(kernel, request).catch(async (fault: unknown) => {
    if (!(fault instanceof NotLoaded)) {
      throw fault;
    }
    await serve(kernel);
    return ask<T>(kernel, request);
  });
  if (answer.error !== undefined) {
    throw new Error(answer.error);
  }
  return answer;
}
