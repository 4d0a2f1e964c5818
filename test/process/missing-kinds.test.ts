import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';

import { ClusterError } from '../../src/api/cluster-error.ts';
import { ConfigMapKind, JobKind, PodKind } from '../../src/api/builtin.ts';
import { MissingKinds } from '../../src/process/missing-kinds.ts';
import type { WatchReport } from '../../src/kubernetes/watch/watch-all.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

it('controllers that cannot start say which kinds they wait for and why, again every few minutes', () => {
  const clock = new TestClock();
  const failed = new ClusterError({ code: 403, reason: 'Forbidden', message: 'jobs is forbidden' });
  const next = { at: 'listing', failures: 1 } as const;
  const reports: WatchReport[] = [
    { kind: JobKind, state: { at: 'waiting', forMs: 1, failed, next } },
    { kind: ConfigMapKind, state: { at: 'kindAbsent', definitionSeen: 0 } },
  ];
  const told: object[] = [];
  const missing = new MissingKinds({
    caches: { isSynced: (...kinds) => kinds.every((kind) => kind === PodKind) },
    needed: [JobKind, PodKind, ConfigMapKind],
    reports: () => reports,
    clock,
    log: { warn: (fields) => void told.push(fields) },
  });
  const { signal } = new AbortController();
  missing.watch(signal);
  clock.advance(10 * 60_000);
  const kinds =
    'jobs (jobs is forbidden), configmaps (their CustomResourceDefinition is not there: run sluice install)';
  expect(told).toEqual([{ kinds }, { kinds }]);
  missing.end();
  expect(clock.leftovers).toEqual([]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
