import { defineConfig } from 'vitest/config';

const unit = [
  'api',
  'domain',
  'admission',
  'lint',
  'controllers',
  'runtime',
  'kubernetes',
  'server',
  'telemetry',
  'metrics-providers',
  'config',
  'process',
  'install',
  'cli',
  'bench',
  'demo',
  'house',
  'images',
  'certificates',
  'release',
  'generate',
  'try',
];

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      {
        // What is slow is shown by counts and by processor time; the clock only ends what hangs, also beside other load.
        test: {
          name: 'unit',
          include: unit.map((folder) => `test/${folder}/**/*.test.ts`),
          testTimeout: 60_000,
        },
      },
      {
        // Interpreters are started by the dozen: one file at a time.
        test: {
          name: 'runner',
          include: ['test/runner/**/*.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'contract',
          globalSetup: ['test/support/cluster/control-plane-setup.ts'],
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        // Images are built; skipped, with one line that says why, where no engine is.
        test: {
          name: 'images',
          include: ['test/image-builds/**/*.test.ts'],
          testTimeout: 600_000,
        },
      },
      {
        // What needs a real node; skipped, with one line that says why, where none can run.
        test: {
          name: 'e2e',
          globalSetup: ['test/support/real/real-setup.ts'],
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'soak',
          globalSetup: [
            'test/support/cluster/control-plane-setup.ts',
            'test/support/real/real-setup.ts',
          ],
          include: ['test/soak/**/*.test.ts'],
          testTimeout: 3_600_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
