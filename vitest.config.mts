import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/widgets/**/*.test.ts'],
    environment: 'jsdom',
    // Bounds a hang; machines that build at the same time are slow.
    testTimeout: 60_000,
    environmentOptions: { jsdom: { pretendToBeVisual: true } }
  }
});
