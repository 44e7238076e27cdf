import { defineConfig } from 'vitest/config';

// Packages are linked by npm workspaces and export their sources under this condition, so that tests need no build.
const conditions = ['zvault-source'];

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

export default defineConfig({
  test: {
    globalSetup: ['test/support/postgres-setup.ts'],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts', 'actions/*/src/**/*.test.ts', '*/test/**/*.test.ts', 'test/*.test.ts'],
          // Isolation costs ten times the run time; tests share no module state instead (a Host is passed in).
          isolate: false,
          pool: 'threads',
          testTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'cli/e2e/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
