/** Questions to a kernel by executing a silent line: nothing is shown, counted or kept of it. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** How a kernel says that what ran in it is gone. */
export const GONE: ReadonlySet<Kernel.Status> = new Set(['restarting', 'autorestarting', 'dead', 'terminating']);

/** A model that can be named. */
export interface OfferedModel {
  readonly name: string;
  readonly note: string;
  /** Whether the key it needs is there; empty where it needs none. */
  readonly key: '' | 'present' | 'missing';
  /** The environment variable that holds the key. */
  readonly variable: string;
}

export interface OfferedVariable {
  readonly name: string;
  readonly type: string;
  readonly shape: string;
}

/** What a new cell can be made of, in one kernel. */
export interface Offer {
  /** Whether the magics are loaded there. */
  readonly loaded: boolean;
  readonly models: readonly OfferedModel[];
  readonly variables: readonly OfferedVariable[];
  readonly defaults: {
    readonly target: string;
    readonly steerer: string;
    readonly rounds: number;
    readonly seconds: number | null;
    readonly tokens: number | null;
    readonly cost: number | null;
  };
}

/** The kernel's environment has no CodeSteer. */
export class PackageMissing extends Error {}

type Asked = Pick<Kernel.IKernelConnection, 'requestExecute'>;

/** Asks a kernel what it offers. Waits until the kernel has time; rejects where it has no CodeSteer. */
export async function offerOf(kernel: Asked): Promise<Offer> {
  return JSON.parse(await told(kernel, '__import__("codesteer.composing").composing.tell()')) as Offer;
}

/** Has a kernel answer the panel's questions, whether or not its magics are loaded; rejects where it has no CodeSteer. */
export async function serve(kernel: Asked): Promise<void> {
  await told(kernel, '__import__("codesteer.control").control.serve()');
}

async function told(kernel: Asked, code: string): Promise<string> {
  const future = kernel.requestExecute({ code, silent: true, store_history: false, allow_stdin: false });
  let text = '';
  future.onIOPub = message => {
    const { name, text: part } = message.content as Partial<KernelMessage.IStreamMsg['content']>;
    text += message.header.msg_type === 'stream' && name === 'stdout' ? (part ?? '') : '';
  };
  const { content } = await future.done;
  if (content.status === 'ok') {
    return text;
  }
  const { ename, evalue } = content as Partial<KernelMessage.IReplyErrorContent>;
  throw ename === 'ModuleNotFoundError'
    ? new PackageMissing(evalue)
    : new Error(evalue ?? 'The kernel did not answer.');
}
