/**
 * Writes src/troubles.ts from docs/troubleshooting.md: what each error code means and what to do, so that a run that
 * failed explains itself wherever it is shown, without a network. With --check it fails when the committed file is stale.
 */
import { readFile } from 'node:fs/promises';

import { generate } from './generated.mjs';

const page = await readFile(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

/** The text of a section, a paragraph a line; links within the documentation become the names of their pages. */
function told(section) {
  return section
    .trim()
    .split(/\n{2,}/)
    .map(paragraph => paragraph.replaceAll('\n', ' '))
    .join('\n\n')
    .replaceAll(/\[([^\]]+)\]\((?!https?:)([^)#]*)[^)]*\)/g, (_, words, path) =>
      path.startsWith('generated/') ? words : `${words} (\`docs/${path}\`)`
    );
}

const sections = page.split(/^### /m).slice(1);
const troubles = sections.map(section => {
  const [heading, ...rest] = section.split('\n');
  // The next part of the page ends a section, too.
  return [heading.trim().replaceAll('`', ''), told(rest.join('\n').split(/^## /m)[0])];
});

await generate(
  'troubles.ts',
  `// Generated from docs/troubleshooting.md by \`npm run types\`; do not edit.

/** What each error code means, and what to do, in Markdown. */
export const TROUBLES: ReadonlyMap<string, string> = new Map(${JSON.stringify(troubles)});
`
);
