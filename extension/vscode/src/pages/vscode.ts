/** What a page of a webview says to the extension, and hears of it. */

import type { PageMessage, RendererMessage } from '../messages.js';

const api = acquireVsCodeApi<never>();

/** Says something to the extension. */
export function post(message: RendererMessage): void {
  api.postMessage(message);
}

/** Hears what the page is to show, from now on, and asks for it. */
export function listen(onMessage: (message: PageMessage) => void): void {
  window.addEventListener('message', ({ data }: MessageEvent<PageMessage>) => {
    onMessage(data);
  });
  post({ type: 'ready' });
}

/** The element that the page is drawn in. */
export function place(): HTMLElement {
  const found = document.getElementById('page');
  if (!found) {
    throw new Error('The page has no place to draw in.');
  }
  return found;
}
