import { defineConfig } from 'vitest/config'

// The page in Chromium, served by the program: MI2_BIN, MI2_PYTHON and the others come from CTest.
export default defineConfig({
  test: { include: ['e2e/**/*.test.ts'], fileParallelism: false, testTimeout: 120_000, hookTimeout: 240_000 },
})
