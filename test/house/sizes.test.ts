import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/** A room is a folder that is seen at a glance, and a file is one idea. What is larger is named here, with the reason. */

const root = new URL('../..', import.meta.url).pathname;

const mostFiles = 20;
const mostLines = 250;

/** Folders that are flat lists of one sort. */
const flatFolders: Readonly<Record<string, string>> = {
  'src/api': 'what things are: a file for each format that is read or written',
  'src/api/keptn': 'a file for each kind',
  'src/install': 'a file for each step of an installation',
};

const table = 'a table: one entry after the other';
const machine = 'the states of one thing, which only make sense together';
const toBeSplit = 'holds more than one idea and has still to be split';

const largeFiles: Readonly<Record<string, string>> = {
  'src/generate/chart/values.ts': table,
  'src/config/config.ts': table,
  'src/admission/registry.ts': table,
  'src/process/process-metrics.ts': table,
  'src/kubernetes/projection/projections.ts': table,
  'src/api/builtin.ts': table,
  'src/generate.ts': table,
  'src/kubernetes/transport/transport.ts': machine,
  'src/kubernetes/transport/client.ts': machine,
  'src/kubernetes/cache/packed-json.ts': machine,
  'src/kubernetes/cache/kind-cache.ts': machine,
  'src/kubernetes/lease/lease.ts': machine,
  'src/kubernetes/events/events.ts': machine,
  'src/controllers/engine/controller-run.ts': machine,
  'src/controllers/engine/reconcile.ts': machine,
  'src/domain/gate/pod-gate.ts': machine,
  'src/domain/check/child-progress.ts': machine,
  'src/domain/workload/workload.ts': machine,
  'src/domain/app/app.ts': machine,
  'src/cli/migrate/migrate-command.ts': toBeSplit,
  'src/cli/played/memory-store.ts': toBeSplit,
  'src/controllers/certificates/keeper.ts': toBeSplit,
  'src/controllers/loops/metric-loop.ts': toBeSplit,
  'src/controllers/loops/trace-export.ts': toBeSplit,
  'src/controllers/task.ts': toBeSplit,
  'src/controllers/workload-version.ts': toBeSplit,
  'src/domain/check/check-phase.ts': toBeSplit,
  'src/domain/evaluation/evaluation.ts': toBeSplit,
  'src/domain/evidence/evidence.ts': toBeSplit,
  'src/domain/identity/identity.ts': toBeSplit,
  'src/domain/settings/keptn-config.ts': toBeSplit,
  'src/domain/steering/steer.ts': toBeSplit,
  'src/install/migration/hand-back.ts': toBeSplit,
  'src/install/migration/take-over.ts': toBeSplit,
  'src/install/migration/found-keptn.ts': toBeSplit,
  'src/install/migration/helm-release.ts': toBeSplit,
  'src/install/uninstall.ts': toBeSplit,
  'src/controllers/resolved-refs.ts': toBeSplit,
  'src/lint/workload/workload-rules.ts': toBeSplit,
  'src/process/leadership.ts': toBeSplit,
  'src/process/run.ts': toBeSplit,
};

test('a folder of src has no more files of its own than one sees at a glance', async () => {
  const counts = new Map<string, number>();
  for await (const file of glob('src/**/*', { cwd: root })) {
    if (!/\.\w+$/u.test(file)) continue;
    counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  }
  const large = [...counts].filter(([, count]) => count > mostFiles).map(([folder]) => folder);
  expect(large.toSorted()).toEqual(Object.keys(flatFolders).toSorted());
});

test('a file of src is short enough to be one idea, or says why it is not', async () => {
  const large: string[] = [];
  for await (const file of glob('src/**/*.ts', { cwd: root })) {
    const lines = (await readFile(join(root, file), 'utf8')).split('\n').length - 1;
    if (lines > mostLines) large.push(file);
  }
  expect(large.filter((file) => !(file in largeFiles)).toSorted()).toEqual([]);
});
