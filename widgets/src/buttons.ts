/** The small buttons: copy, insert. */

import { el, icon, setIcon, type IconName } from './dom.js';
import type { Surroundings } from './options.js';

const SHOWN_MS = 1600;

/** A button with an icon and a word; the word is hidden from sight on small buttons but always read out. */
export function button(name: IconName, label: string, onClick: () => void, className = 'cs-button'): HTMLButtonElement {
  const node = el('button', { type: 'button', class: className }, icon(name), el('span', 'cs-button-label', label));
  node.addEventListener('click', onClick);
  return node;
}

/** A button that copies what `text` returns when it is clicked and then says so. */
export function copyButton(around: Surroundings, what: string, text: () => string): HTMLButtonElement {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const node = button(
    'copy',
    `Copy ${what}`,
    () => {
      Promise.resolve((around.actions.copy ?? copyToClipboard)(text())).then(
        () => {
          say('check', 'Copied');
        },
        () => {
          say('cross', 'Not copied');
        }
      );
    },
    'cs-button cs-small'
  );
  node.title = `Copy ${what}`;
  const picture = node.querySelector('svg');
  const label = node.querySelector('span');
  const say = (name: IconName, words: string): void => {
    if (picture && label) {
      clearTimeout(timer);
      setIcon(picture, name);
      label.textContent = words;
      timer = setTimeout(() => {
        setIcon(picture, 'copy');
        label.textContent = `Copy ${what}`;
      }, SHOWN_MS);
    }
  };
  return node;
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
