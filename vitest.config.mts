import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/widgets/**/*.test.ts'],
    environment: 'jsdom',
    environmentOptions: { jsdom: { pretendToBeVisual: true } }
  }
});
