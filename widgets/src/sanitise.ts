/** The one way by which markup from a record enters the page. */

import createPurifier, { type Config, type DOMPurify } from 'dompurify';

import type { Language } from './language.js';

/** More nodes than this in one piece of markup and it is drawn as plain text instead. */
const MOST_NODES = 4_000;

const ALLOWED: Config & { RETURN_DOM_FRAGMENT: true } = {
  RETURN_DOM_FRAGMENT: true,
  USE_PROFILES: { html: true },
  // Nothing that loads, submits, plays, overlays or restyles: text, lists, tables, code, inline images, plain links.
  FORBID_TAGS: [
    ...[
      'style',
      'form',
      'input',
      'button',
      'select',
      'option',
      'textarea',
      'label',
      'fieldset',
      'dialog',
      'map',
      'area'
    ],
    ...['audio', 'video', 'source', 'track', 'picture', 'template', 'slot', 'marquee', 'canvas', 'meter', 'progress']
  ],
  FORBID_ATTR: [
    'style',
    'class',
    'id',
    'name',
    'srcset',
    'background',
    'tabindex',
    'accesskey',
    'popover',
    'width',
    'height'
  ],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/(?:png|jpeg|gif|webp);base64,)/i
};

let purifier: DOMPurify | undefined;
/** Speaks for what is being sanitised: the hooks of a purifier are set once. */
let speaker: Language;

/** A purifier of our own, so that our hooks touch no other library's use of DOMPurify on the page. */
function ours(): DOMPurify {
  if (!purifier) {
    purifier = createPurifier(window);
    purifier.addHook('uponSanitizeAttribute', (_node, attribute) => {
      // The one class that Markdown gives: it marks a formula.
      if (attribute.attrName === 'class' && attribute.attrValue === 'cs-math') {
        attribute.forceKeepAttr = true;
      }
    });
    purifier.addHook('afterSanitizeAttributes', node => {
      if (node.tagName === 'A') {
        if (node.getAttribute('href')?.startsWith('data:')) {
          node.removeAttribute('href');
        }
        node.setAttribute('target', '_blank');
        node.setAttribute('rel', 'noopener noreferrer nofollow');
      } else if (node.tagName === 'IMG' && !node.getAttribute('src')?.startsWith('data:image/')) {
        // An image from elsewhere would tell its server that the notebook was opened.
        const name = node.getAttribute('alt') ?? '';
        node.replaceWith(document.createTextNode(speaker.say('imageAbsent', { name })));
      } else if (node.tagName === 'IMG' && !node.hasAttribute('alt')) {
        node.setAttribute('alt', speaker.say('image'));
      }
    });
  }
  return purifier;
}

/** Returns safe nodes for `html`, or null when it is too large to draw as markup. */
export function sanitise(html: string, language: Language): DocumentFragment | null {
  speaker = language;
  const fragment = ours().sanitize(html, ALLOWED);
  for (const corner of fragment.querySelectorAll('th:empty')) {
    // A data frame's corner heads nothing; as a header it would be read out as an empty one.
    corner.replaceWith(document.createElement('td'));
  }
  return fragment.querySelectorAll('*').length > MOST_NODES ? null : fragment;
}
