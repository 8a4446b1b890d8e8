/** The page of a webview: a script and a style sheet of ours, and nothing else may load or run. */

import * as vscode from 'vscode';

/** The pages that there are: names of scripts in dist/pages. */
export type PageName = 'details' | 'comparison';

/** Where the files of the pages are. */
export const pagesOf = (extension: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(extension, 'dist', 'pages');

/** What the tab of such an editor shows. */
export function pageIcon(extension: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  const file = (name: string): vscode.Uri => vscode.Uri.joinPath(extension, 'media', name);
  return { light: file('run-light.svg'), dark: file('run-dark.svg') };
}

/** What a webview with one of our pages may do. */
export function pageOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [pagesOf(extension)] };
}

/** Returns the page. What it shows is sent to it as a message: no text of a record is ever part of this. */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri, name: PageName, title: string): string {
  const file = (path: string): string => webview.asWebviewUri(vscode.Uri.joinPath(pagesOf(extension), path)).toString();
  const nonce = newNonce();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    'img-src data:',
    `script-src 'nonce-${nonce}'`
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${file('style.css')}">
</head>
<body>
<main id="page"></main>
<script type="module" nonce="${nonce}" src="${file(`${name}.js`)}"></script>
</body>
</html>
`;
}

function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
