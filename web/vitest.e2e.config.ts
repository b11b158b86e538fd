import { defineConfig } from 'vitest/config';

// Browser tests against the real server: FAXUN_BIN names the program. One file at a time, they share two cores.
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
