/** What VS Code calls. */

/** Called once, before the extension is used for the first time. */
export function activate(): void {
  // Nothing yet.
}
