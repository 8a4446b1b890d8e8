/** The buttons: what they look like, and how those behave that ask the host for something. */

import { el, icon, setAttribute, setIcon, setShown, setText, type IconName } from './dom.js';
import type { ActionName, RunActions, Surroundings } from './options.js';
import type { StringName } from './strings.js';

const SHOWN_MS = 1600;

/** A button with an icon and a word. */
export function button(name: IconName, label: string, onClick: () => void, className = 'cs-button'): HTMLButtonElement {
  const node = el('button', { type: 'button', class: className }, icon(name), el('span', 'cs-button-label', label));
  node.addEventListener('click', onClick);
  return node;
}

/** A button that shows its icon alone; its words are read out and shown on hovering. */
export function iconButton(name: IconName, label: string, onClick: () => void, className = ''): HTMLButtonElement {
  const node = el('button', { type: 'button', class: `cs-button cs-small cs-icon-button ${className}`.trim() });
  node.append(icon(name));
  node.addEventListener('click', onClick);
  relabel(node, label);
  return node;
}

/** Gives an icon button other words. */
export function relabel(node: HTMLButtonElement, label: string): void {
  setAttribute(node, 'aria-label', label);
  setAttribute(node, 'title', label);
}

/** Ties an element to an action: it is there as long as the host can serve it. */
export function needs<T extends HTMLElement>(node: T, action: ActionName, around: Surroundings): T {
  node.dataset.action = action;
  setShown(node, around.actions[action] !== undefined);
  return node;
}

/** Shows of all elements in `root` that are tied to an action those that can be served. */
export function showServed(root: HTMLElement, actions: RunActions): void {
  for (const node of root.querySelectorAll<HTMLElement>('[data-action]')) {
    setShown(node, actions[node.dataset.action as ActionName] !== undefined);
  }
}

interface Telling {
  readonly icon: IconName;
  readonly label: StringName;
  readonly done: StringName;
  readonly failed: StringName;
}

/** A small button that does something at once and says for a moment how it went. */
export function tellingButton(
  around: Surroundings,
  { icon: name, label, done, failed }: Telling,
  act: () => void | Promise<void>
): HTMLButtonElement {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const words = around.language.say(label);
  const node = button(
    name,
    words,
    () => {
      Promise.resolve()
        .then(act)
        .then(
          () => {
            say('check', around.language.say(done));
          },
          () => {
            say('cross', around.language.say(failed));
          }
        );
    },
    'cs-button cs-small'
  );
  node.title = words;
  const picture = node.firstElementChild as SVGElement;
  const text = node.lastElementChild as HTMLElement;
  const say = (shown: IconName, told: string): void => {
    clearTimeout(timer);
    setIcon(picture, shown);
    setText(text, told);
    timer = setTimeout(() => {
      setIcon(picture, name);
      setText(text, words);
    }, SHOWN_MS);
  };
  return node;
}

/** A button that copies what `text` returns when it is clicked. */
export function copyButton(
  around: Surroundings,
  label: 'copyAnswer' | 'copyCode',
  text: () => string
): HTMLButtonElement {
  return tellingButton(around, { icon: 'copy', label, done: 'copied', failed: 'notCopied' }, () =>
    (around.actions.copy ?? copyToClipboard)(text())
  );
}

/** A button that puts what `code` returns into a cell, where the host has cells. */
export function insertButton(around: Surroundings, code: () => string): HTMLButtonElement {
  const telling = { icon: 'insert', label: 'insert', done: 'inserted', failed: 'notInserted' } as const;
  return needs(
    tellingButton(around, telling, () => around.actions.insertCode?.(code())),
    'insertCode',
    around
  );
}

async function copyToClipboard(text: string): Promise<void> {
  // Typed as always there, but absent on pages served without TLS.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) {
    await clipboard.writeText(text);
    return;
  }
  const area = el('textarea', { 'aria-hidden': 'true', style: 'position:fixed;opacity:0' });
  area.value = text;
  document.body.append(area);
  area.select();
  // Deprecated, and the only way there is without a secure context.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) {
    throw new Error('The browser refused to copy.');
  }
}
