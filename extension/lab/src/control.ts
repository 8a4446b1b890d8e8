/** Questions to the kernel beside the cells: a comm of ours, one for each kernel. */

import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { Rating, Ratings } from '@codesteer/view';

const TARGET = 'codesteer.control';

/** What the kernel knows of a run. */
export interface Marks {
  /** Whether the run is kept there; only then can it be rated. */
  readonly kept: boolean;
  readonly ratings: Ratings;
}

interface Answer extends Marks {
  readonly ask: number;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Error) => void;
}

/** Speaks with one kernel; where it has no CodeSteer every question is rejected. */
class Control {
  isOpen = true;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  private constructor(private readonly comm: Kernel.IComm) {
    comm.onMsg = ({ content }) => {
      const answer = content.data as unknown as Answer;
      this.waiting.get(answer.ask)?.resolve(answer);
      this.waiting.delete(answer.ask);
    };
    comm.onClose = () => {
      this.isOpen = false;
      for (const { reject } of this.waiting.values()) {
        reject(new Error('CodeSteer is not loaded in this kernel.'));
      }
      this.waiting.clear();
    };
    comm.open();
  }

  static async open(kernel: Kernel.IKernelConnection): Promise<Control> {
    const comm = kernel.createComm(TARGET);
    // A comm that has a subshell of its own is answered while a cell runs; before it has, it is answered after.
    await (comm as { subshellStarted?: Promise<void> }).subshellStarted?.catch(() => undefined);
    return new Control(comm);
  }

  ask(request: JSONObject): Promise<Answer> {
    if (!this.isOpen) {
      return Promise.reject(new Error('The kernel is gone.'));
    }
    this.asked += 1;
    const ask = this.asked;
    return new Promise<Answer>((resolve, reject) => {
      this.waiting.set(ask, { resolve, reject });
      this.comm.send({ ...request, ask });
    });
  }
}

const controls = new WeakMap<Kernel.IKernelConnection, Promise<Control>>();

async function ask(kernel: Kernel.IKernelConnection, request: JSONObject): Promise<Answer> {
  let control = await controls.get(kernel);
  if (!control?.isOpen) {
    const opening = Control.open(kernel);
    controls.set(kernel, opening);
    control = await opening;
  }
  const answer = await control.ask(request);
  if (answer.error !== undefined && answer.kept) {
    throw new Error(answer.error);
  }
  return answer;
}

/** Asks what is known of a run. */
export function marksOf(kernel: Kernel.IKernelConnection, run: string): Promise<Marks> {
  return ask(kernel, { event: 'marks', run });
}

/** Has a rating kept, or with null taken back. */
export function rate(
  kernel: Kernel.IKernelConnection,
  run: string,
  round: number,
  rating: Rating | null
): Promise<Marks> {
  return ask(kernel, { event: 'rate', run, round, rating });
}
