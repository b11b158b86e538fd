import { defineConfig } from 'vitest/config';

// The two pages. The widget for other sites has its own build: one script without chunks.
export default defineConfig({
  build: {
    target: 'es2020',
    cssTarget: 'chrome80',
    modulePreload: false,
    rolldownOptions: { input: ['index.html', 'desk.html'] },
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.ts'] },
});
