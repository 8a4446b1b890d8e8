import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const view = fileURLToPath(new URL('widgets/src', import.meta.url));

export default defineConfig({
  resolve: {
    // The view from its sources: tests need no build.
    alias: [
      { find: /^@codesteer\/view\/parts\/(.*)\.js$/, replacement: `${view}/$1.ts` },
      { find: /^@codesteer\/view$/, replacement: `${view}/index.ts` },
      // VS Code itself is there only inside VS Code.
      { find: /^vscode$/, replacement: fileURLToPath(new URL('tests/vscode/fakes/vscode.ts', import.meta.url)) }
    ]
  },
  test: {
    include: ['tests/widgets/**/*.test.ts', 'tests/lab/**/*.test.ts', 'tests/vscode/**/*.test.ts'],
    environment: 'jsdom',
    // Bounds a hang; machines that build at the same time are slow.
    testTimeout: 60_000,
    environmentOptions: { jsdom: { pretendToBeVisual: true } }
  }
});
