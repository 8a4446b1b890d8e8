/** Questions to the kernel: what comes back, and how it is known that CodeSteer is not there. */

import type { Kernel } from '@jupyterlab/services';
import { expect, it } from 'vitest';

import { offerOf, PackageMissing, serve } from '../../extension/lab/src/kernel.js';

interface Message { header: { msg_type: string }; content: object }

/** A kernel that says these things, and then replies. */
function kernel(said: readonly Message[], reply: object): Kernel.IKernelConnection & { asked: { code: string }[] } {
  const asked: { code: string }[] = [];
  const requestExecute = (content: { code: string }): object => {
    asked.push(content);
    const future: { onIOPub: (message: Message) => void; done: Promise<object> } = {
      onIOPub: () => undefined,
      done: Promise.resolve().then(() => {
        said.forEach(message => {
          future.onIOPub(message);
        });
        return { content: reply };
      })
    };
    return future;
  };
  return { requestExecute, asked } as unknown as ReturnType<typeof kernel>;
}

const printed = (text: string, name = 'stdout'): Message => ({ header: { msg_type: 'stream' }, content: { name, text } });

it('an offer is read from what was printed, in however many pieces, and nothing else', async () => {
  const said = [
    { header: { msg_type: 'status' }, content: { execution_state: 'busy' } },
    printed('{"loaded": true, '),
    printed('a warning', 'stderr'),
    printed('"models": []}\n')
  ];
  expect(await offerOf(kernel(said, { status: 'ok' }))).toEqual({ loaded: true, models: [] });
});

it('a question leaves nothing behind', async () => {
  const asked = kernel([printed('{}')], { status: 'ok' });
  await offerOf(asked);
  expect(asked.asked[0]).toMatchObject({ silent: true, store_history: false, allow_stdin: false });
});

it('an environment without CodeSteer is told from other faults', async () => {
  const missing = { status: 'error', ename: 'ModuleNotFoundError', evalue: "No module named 'codesteer'" };
  await expect(offerOf(kernel([], missing))).rejects.toBeInstanceOf(PackageMissing);
  const other = { status: 'error', ename: 'BadConfig', evalue: 'Your file is wrong.' };
  await expect(offerOf(kernel([], other))).rejects.toThrow('Your file is wrong.');
  await expect(offerOf(kernel([], other))).rejects.not.toBeInstanceOf(PackageMissing);
});

it('is asked to answer the panel without a word of the reader in what it executes', async () => {
  const asked = kernel([], { status: 'ok' });
  await serve(asked);
  expect(asked.asked.map(({ code }) => code)).toEqual(['__import__("codesteer.control").control.serve()']);
});
