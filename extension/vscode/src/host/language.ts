/** The words of the shared view, with numbers as people write them where VS Code is set to. */

import { Language } from '@codesteer/view/parts/language.js';
import { env } from 'vscode';

export const language = new Language(undefined, env.language);
