/** Terminal colours as spans with classes of ours: names of hues, so that every theme can make them readable. */

import Anser from 'anser';

import { el } from './dom.js';

/** Text with more changes of colour than this is drawn in one. */
const MOST_CHANGES = 2_000;
// eslint-disable-next-line no-control-regex
const CODE = /\u001b\[[0-9;]*m/g;

/** Whether `text` sets a colour. */
export function isColoured(text: string): boolean {
  return text.includes('\u001b[');
}

/** Returns `text`, whose only control sequences are those of colour and weight, as text and spans. */
export function coloured(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  if ((text.match(CODE)?.length ?? 0) > MOST_CHANGES) {
    fragment.append(text.replace(CODE, ''));
    return fragment;
  }
  for (const { content, fg, fg_truecolor, decorations } of Anser.ansiToJson(text, {
    json: true,
    use_classes: true,
    remove_empty: true
  })) {
    const names = decorations.filter(name => name === 'bold' || name === 'italic' || name === 'underline');
    const hue = hueOf(fg, fg_truecolor);
    const classes = [hue && `cs-ansi-${hue}`, ...names.map(name => `cs-${name}`)].filter(Boolean);
    fragment.append(classes.length > 0 ? el('span', classes.join(' '), content) : content);
  }
  return fragment;
}

// The palette's first eight and their bright sisters. Black and white are the page's own colours.
const HUES = ['', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', ''];

function hueOf(name: string | null, channels: string | null): string {
  if (name === 'ansi-truecolor') {
    return hueOfChannels((channels ?? '').split(',').map(Number));
  }
  const palette = /^ansi-palette-(\d+)$/.exec(name ?? '');
  if (!palette) {
    const plain = (name ?? '').replace(/^ansi-(?:bright-)?/, '');
    return HUES.includes(plain) ? plain : '';
  }
  const number = Number(palette[1]);
  if (number < 16) {
    return HUES[number % 8] ?? '';
  }
  // A cube of six steps a channel, then greys.
  const place = number - 16;
  return number < 232 ? hueOfChannels([Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6]) : '';
}

function hueOfChannels(channels: readonly number[]): string {
  const [red = 0, green = 0, blue = 0] = channels;
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (!(high - low > high / 4)) {
    return '';
  }
  const middle = (high + low) / 2;
  return HUES[(red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0)] ?? '';
}
