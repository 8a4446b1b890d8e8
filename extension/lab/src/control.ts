/** Questions to the kernel beside the cells: a comm of ours, one for each kernel. */

import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { Rating, Ratings } from '@codesteer/view';

import { GONE } from './kernel.js';

const TARGET = 'codesteer.control';

/** What the kernel knows of a run. */
export interface Marks {
  /** Whether the run is kept there; only then can it be rated. */
  readonly kept: boolean;
  readonly ratings: Ratings;
}

interface Answer {
  readonly ask: number;
  readonly error?: string;
}

/** Nobody answers in this kernel: the magics are not loaded, or the package is missing. */
export class NotLoaded extends Error {}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Error) => void;
}

/** Speaks with one kernel; where it has no CodeSteer every question is rejected. */
class Control {
  /** Why nobody answers any more. */
  private fault: Error | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  private constructor(
    private readonly comm: Kernel.IComm,
    kernel: Kernel.IKernelConnection
  ) {
    comm.onMsg = ({ content }) => {
      const answer = content.data as unknown as Answer;
      this.waiting.get(answer.ask)?.resolve(answer);
      this.waiting.delete(answer.ask);
    };
    comm.onClose = () => {
      this.close(new NotLoaded('CodeSteer is not loaded in this kernel.'));
    };
    // A kernel that goes away takes its comms along, and says nothing to them.
    kernel.statusChanged.connect((_, status) => {
      if (GONE.has(status)) {
        this.close(new Error('The kernel is gone.'));
      }
    });
    comm.open();
  }

  static async open(kernel: Kernel.IKernelConnection): Promise<Control> {
    const comm = kernel.createComm(TARGET);
    // A comm that has a subshell of its own is answered while a cell runs; before it has, it is answered after.
    await (comm as { subshellStarted?: Promise<void> }).subshellStarted?.catch(() => undefined);
    return new Control(comm, kernel);
  }

  get isOpen(): boolean {
    return this.fault === null;
  }

  ask(request: JSONObject): Promise<Answer> {
    if (this.fault) {
      return Promise.reject(this.fault);
    }
    this.asked += 1;
    const ask = this.asked;
    return new Promise<Answer>((resolve, reject) => {
      this.waiting.set(ask, { resolve, reject });
      this.comm.send({ ...request, ask });
    });
  }

  private close(fault: Error): void {
    this.fault ??= fault;
    for (const { reject } of this.waiting.values()) {
      reject(fault);
    }
    this.waiting.clear();
  }
}

const controls = new WeakMap<Kernel.IKernelConnection, Promise<Control>>();

/** Asks a kernel; what cannot be done there is the answer's `error`. Rejects where nobody answers. */
export async function ask<T extends object>(
  kernel: Kernel.IKernelConnection,
  request: JSONObject
): Promise<T & Answer> {
  let control = await controls.get(kernel);
  if (!control?.isOpen) {
    const opening = Control.open(kernel);
    controls.set(kernel, opening);
    control = await opening;
  }
  return (await control.ask(request)) as T & Answer;
}

async function marks(kernel: Kernel.IKernelConnection, request: JSONObject): Promise<Marks> {
  const answer = await ask<Marks>(kernel, request);
  if (answer.error !== undefined && answer.kept) {
    throw new Error(answer.error);
  }
  return answer;
}

/** Asks what is known of a run. */
export function marksOf(kernel: Kernel.IKernelConnection, run: string): Promise<Marks> {
  return marks(kernel, { event: 'marks', run });
}

/** Has a rating kept, or with null taken back. */
export function rate(
  kernel: Kernel.IKernelConnection,
  run: string,
  round: number,
  rating: Rating | null
): Promise<Marks> {
  return marks(kernel, { event: 'rate', run, round, rating });
}
