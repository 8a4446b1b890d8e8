/** Icons in texts: VS Code draws `$(name)` as one, wherever the text came from. */

/** Returns the text with nothing in it that would be drawn as an icon. */
export function escaped(text: string): string {
  return text.replace(/\$\((?=[\w-]+(?:~\w+)?\))/g, '\\$(');
}
