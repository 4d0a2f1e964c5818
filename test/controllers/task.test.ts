import { describe, expect, test } from 'vitest';

import {
  type ConfigMap,
  ConfigMapKind,
  type Job,
  JobKind,
  PodKind,
} from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import type { FollowUpStatus } from '../../src/api/keptn/follow-up.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import {
  KeptnTaskDefinition,
  type KeptnTaskDefinitionSpec,
} from '../../src/api/keptn/task-definition.ts';
import { controllerOf, refOf, ownedBy } from '../../src/api/object.ts';
import { taskController } from '../../src/controllers/task.ts';
import { taskDefinitionController } from '../../src/controllers/task-definition.ts';
import { jobName } from '../../src/domain/names.ts';
import { EventKind } from '../../src/kubernetes/events/event-series.ts';
import { aJobOf, aPodOf, aTask, aTaskDefinition } from '../support/builders/task-builders.ts';
import { type ChancyActor, Simulation, type SimulationOptions } from '../simulation/simulation.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';

/** Completes every Job a little later, as a Job controller and a kubelet would. */
const jobController: ChancyActor = {
  name: 'jobs',
  step(stage) {
    const { store, random } = stage;
    for (const job of store.list(JobKind)) {
      const isNew = (job.status?.conditions ?? []).length === 0;
      if (!isNew) continue;
      if (random.next() < 0.3) {
        stage.wakeAfter(2000);
        continue;
      }
      const conditions = [{ type: 'Complete', status: 'True' }];
      store.writeStatus(refOf(JobKind, job), undefined, { succeeded: 1, conditions });
    }
  },
};

/** A Job controller whose Pods a quota refuses until there is room; then a Pod runs, and does not end by itself. */
function refusingJobController(hasRoom: () => boolean): ChancyActor {
  let tries = 0;
  let triedAt = 0;
  return {
    name: 'refused-jobs',
    step(stage) {
      const { store, now } = stage;
      for (const job of store.list(JobKind)) {
        const ref = refOf(JobKind, job);
        const { namespace = '', name, uid = '' } = job.metadata;
        if ((job.status?.conditions ?? []).length > 0) continue;
        if (job.status?.startTime === undefined) {
          store.writeStatus(ref, undefined, { startTime: new Date(now).toISOString() });
          stage.wakeAfter(1_000);
          continue;
        }
        const startedAt = Date.parse(job.status.startTime);
        if (now - startedAt >= (job.spec.activeDeadlineSeconds ?? 0) * 1000) {
          const message = 'DeadlineExceeded: Job was active longer than specified deadline';
          const end = { type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message };
          store.writeStatus(ref, undefined, { ...job.status, conditions: [end] });
        } else if (hasRoom() && store.list(PodKind).length === 0) {
          store.create(PodKind, {
            ...aPodOf(job),
            metadata: { name: `${name}-pod`, namespace, ownerReferences: [ownedBy(JobKind, job)] },
          });
          store.writeStatus(ref, undefined, { ...job.status, active: 1 });
        } else if (!hasRoom() && now - triedAt >= 10_000) {
          tries += 1;
          triedAt = now;
          const event = { apiVersion: 'v1', kind: 'Event' };
          const metadata = { name: `${name}.${tries}`, namespace };
          const said = {
            involvedObject: { uid },
            reason: 'FailedCreate',
            message: `Error creating: pods "${name}-${tries}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4`,
            lastTimestamp: new Date(now).toISOString(),
          };
          store.create(EventKind, Object.assign({ ...event, metadata }, said));
        }
        stage.wakeAfter(10_000);
      }
    },
  };
}

function simulation({
  images: image,
  ...given
}: Partial<SimulationOptions> & { readonly images?: string } = {}) {
  const definitionsNamespace = 'sluice-system';
  const sim = new Simulation({
    seed: 1,
    controllers: [
      taskController({
        definitionsNamespace,
        denoImage: image ?? 'deno:1',
        pythonImage: image ?? 'python:1',
        bashImage: image ?? 'bash:1',
        operatorNamespace: definitionsNamespace,
      }),
      taskDefinitionController({ definitionsNamespace }),
    ],
    actors: [jobController],
    ...given,
  });
  sim.ensureNamespace(definitionsNamespace);
  return sim;
}

const asUserWrites = <T extends { metadata: { name: string; namespace?: string } }>(
  object: T,
): T => {
  const { name, namespace = 'shop' } = object.metadata;
  return { ...object, metadata: { name, namespace } };
};
const task = (name = 'pre-check', definition = 'check') =>
  asUserWrites(aTask({ metadata: { name }, spec: { taskDefinition: definition } }));
const definition = (
  spec: KeptnTaskDefinitionSpec,
  at: { name?: string; namespace?: string } = {},
) => {
  const { name = 'check', namespace = 'shop' } = at;
  return asUserWrites(aTaskDefinition(name, { namespace }).with(spec));
};
const container: KeptnTaskDefinitionSpec = {
  container: { name: 'main' },
  ttlSecondsAfterFinished: 60,
};
const statusOf = (sim: Simulation, name = 'pre-check') =>
  sim.store.get(KeptnTask, 'shop', name)?.status;
const hasSucceeded = (sim: Simulation, name?: string) => () =>
  statusOf(sim, name)?.status === 'Succeeded';
const jobsMade = (sim: Simulation): Job[] =>
  sim.store.history.flatMap(({ type, object }) =>
    type === 'added' && isJob(object) ? [object] : [],
  );
const isJob = (object: { kind: string }): object is Job => object.kind === 'Job';

describe('a task', () => {
  test('costs one Job, two writes of its status and the TTL (T7)', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      sim.apply(definition(container), task());
      sim.start();
      await sim.until('it succeeds', hasSucceeded(sim));
      await sim.pass(120_000);
      const writes = sim.writes.filter(({ kind }) => kind !== KeptnTaskDefinition);
      expect(writes.map(({ verb, kind }) => `${verb} ${kind.kind}`)).toEqual([
        'create Job',
        'writeStatus KeptnTask',
        'writeStatus KeptnTask',
        'patch Job',
      ]);
      expect(sim.store.list(JobKind)[0]?.spec.ttlSecondsAfterFinished).toBe(60);
    });
  });

  test.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'has one Job and a TTL whatever write the process dies after and however late its caches are (seed %d)',
    async (seed) => {
      const crashAfterWrites = [1, 2, 3, 4, 5, 6].filter((_, index) => (seed >> index) % 2 === 1);
      const sim = simulation({
        seed,
        crashAfterWrites,
        latencyMs: 50,
        weather: (random) => ({
          lagMs: () => random.between(0, 5000),
          startLagMs: () => random.between(0, 3000),
        }),
      });
      await sim.explained(async () => {
        sim.apply(definition({ ...container, ttlSecondsAfterFinished: 7 }), task());
        sim.start();
        await sim.until('it succeeds', hasSucceeded(sim));
        await sim.until(
          'the Job has its TTL',
          () => sim.store.list(JobKind)[0]?.spec.ttlSecondsAfterFinished === 7,
        );
        expect(jobsMade(sim)).toHaveLength(1);
        expect(statusOf(sim)?.attempts).toHaveLength(1);
      });
    },
  );

  test('whose Job somebody deletes has failed, and runs no second time (B2)', async () => {
    const sim = simulation({ actors: [] });
    await sim.explained(async () => {
      sim.apply(definition(container), task());
      sim.start();
      await sim.until('the Job is recorded', () => statusOf(sim)?.jobUID !== undefined);
      for (const job of sim.store.list(JobKind)) sim.store.delete(refOf(JobKind, job));
      await sim.until('it fails', () => statusOf(sim)?.status === 'Failed');
      expect(statusOf(sim)?.reason).toBe('JobLost');
      await sim.pass(600_000);
      expect(jobsMade(sim)).toHaveLength(1);
    });
  });

  test('that Keptn has begun is carried on, though its Job lacks the label Jobs are watched by', async () => {
    const watched = [{ kind: JobKind, scopes: [{ labelSelector: 'sluice.keptn.sh/task' }] }];
    const sim = simulation({ watched, actors: [] });
    await sim.explained(async () => {
      sim.apply(definition(container), task());
      const begun = sim.store.get(KeptnTask, 'shop', 'pre-check') ?? task();
      const keptns = aJobOf(begun).running();
      const { ownerReferences = [] } = keptns.metadata;
      sim.apply({ ...keptns, metadata: { name: 'keptns', namespace: 'shop', ownerReferences } });
      sim.store.writeStatus(refOf(KeptnTask, begun), undefined, {
        status: 'Progressing',
        jobName: 'keptns',
      });
      sim.start();
      await sim.pass(60_000);
      const [job] = sim.store.list(JobKind);
      expect(statusOf(sim)).toMatchObject({ status: 'Progressing', jobUID: job?.metadata.uid });
      const complete = { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] };
      if (job !== undefined) sim.store.writeStatus(refOf(JobKind, job), undefined, complete);
      await sim.until('it succeeds', hasSucceeded(sim));
      expect(jobsMade(sim)).toHaveLength(1);
    });
  });

  test('waits for its definition, and for the one that refers to the code, at no cost (B9)', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      sim.apply(task());
      sim.start();
      await sim.until('it says so', () => statusOf(sim)?.reason === 'DefinitionNotFound');
      await sim.pass(3_600_000);
      expect(sim.writes).toHaveLength(1);
      expect(sim.notes.map(({ reason }) => reason)).toEqual(['CreateTaskNotFound']);
      sim.apply(definition({ deno: { functionRef: { name: 'base' } } }));
      await sim.until(
        'it misses the next',
        () => statusOf(sim)?.message?.includes('check → base') === true,
      );
      sim.apply(
        definition(
          { python: { httpRef: { url: 'https://x' } } },
          { name: 'base', namespace: 'sluice-system' },
        ),
      );
      await sim.until('it succeeds', hasSucceeded(sim));
    });
  });

  test('mounts a copy of the inline code of a shared definition (W19)', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      sim.apply(
        definition({ deno: { inline: { code: 'x' } } }, { namespace: 'sluice-system' }),
        task(),
      );
      sim.start();
      await sim.until('it succeeds', hasSucceeded(sim));
      const copy = sim.store.list<ConfigMap>(ConfigMapKind, 'shop')[0];
      expect(copy?.data).toEqual({ code: 'x' });
      expect(copy && controllerOf(copy)?.kind).toBe('KeptnTask');
      expect(sim.store.get(ConfigMapKind, 'sluice-system', 'keptnfn-check')?.data).toEqual({
        code: 'x',
      });
      expect(jobsMade(sim)[0]?.spec.template.spec).toMatchObject({
        volumes: [{ configMap: { name: copy?.metadata.name } }],
      });
    });
  });

  test('shows what the API server says against its Job, and starts once it is allowed (B9)', async () => {
    let isAllowed = false;
    const sim = simulation({
      fault: ({ verb, kind }) =>
        verb === 'create' && kind === JobKind && !isAllowed ? '403' : undefined,
    });
    await sim.explained(async () => {
      sim.apply(definition(container), task());
      sim.start();
      await sim.until('it says so', () => statusOf(sim)?.reason === 'JobForbidden');
      await sim.pass(600_000);
      expect(sim.writes.filter(({ kind }) => kind === KeptnTask)).toHaveLength(1);
      isAllowed = true;
      await sim.until('it succeeds', hasSucceeded(sim));
    });
  });

  test('keeps its back-off where a quota names other numbers at each try', async () => {
    let tries = 0;
    const sim = simulation({
      images: 'sluice-functions:1',
      latencyMs: 50,
      fault: ({ verb, kind }) => {
        if (verb !== 'create' || kind !== JobKind) return undefined;
        tries += 1;
        const message = `exceeded quota: q, requested: pods=1, used: pods=${tries}, limited: pods=4`;
        return new ClusterError({ code: 403, reason: 'Forbidden', message });
      },
    });
    await sim.explained(async () => {
      sim.apply(definition({ deno: { inline: { code: 'x' } } }), task());
      sim.start();
      await sim.until('it says so', () => statusOf(sim)?.reason === 'JobForbidden');
      await sim.pass(3_600_000);
      // Ever later, up to two minutes, for an hour.
      expect(tries).toBeGreaterThan(12);
      expect(tries).toBeLessThan(40);
    });
  });

  test('whose Pods a quota refuses quotes it, waits for as long as that lasts, and then has its whole time', async () => {
    let room = false;
    const sim = simulation({ actors: [refusingJobController(() => room)] });
    await sim.explained(async () => {
      sim.apply(definition(container), task());
      sim.start();
      await sim.until('it says so', () => statusOf(sim)?.reason === 'QuotaExceeded');
      expect(statusOf(sim)?.message).toContain(
        'exceeded quota: q, requested: pods=1, used: pods=4',
      );
      const writes = sim.writes.length;
      await sim.pass(3_600_000);
      expect(statusOf(sim)).toMatchObject({ status: 'Progressing', reason: 'QuotaExceeded' });
      // The deadline is put off every two and a half minutes; nothing else is written.
      expect(sim.writes.length - writes).toBeLessThanOrEqual(24);
      room = true;
      await sim.until('it runs', () => statusOf(sim)?.reason === undefined);
      const [job] = sim.store.list(JobKind);
      const [pod] = sim.store.list(PodKind);
      const startedAt = Date.parse(String(job?.status?.startTime));
      const madeAt = Date.parse(pod?.metadata.creationTimestamp ?? '');
      expect(job?.spec.activeDeadlineSeconds).toBe(Math.ceil((madeAt - startedAt) / 1000) + 300);
      await sim.until('it is over', () => statusOf(sim)?.status === 'Failed');
      expect(statusOf(sim)?.message).toContain('DeadlineExceeded');
    });
  });

  test('may be followed though Events may not be read', async () => {
    const sim = simulation({
      actors: [refusingJobController(() => false)],
      fault: ({ kind, verb }) => (kind.kind === 'Event' && verb === 'list' ? '403' : undefined),
    });
    await sim.explained(async () => {
      sim.apply(definition(container), task());
      sim.start();
      await sim.until('it says so', () => statusOf(sim)?.reason === 'NoPod');
      expect(statusOf(sim)?.message).toContain('no Event says why');
    });
  });

  test('takes another name for its Job if something else has the first (B3)', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      sim.apply(task());
      const uid = sim.store.get(KeptnTask, 'shop', 'pre-check')?.metadata.uid ?? '';
      const first = jobName({ taskName: 'pre-check', taskUid: uid, attempt: 1, collisionCount: 0 });
      sim.apply({ ...aJobOf(aTask()).running(), metadata: { name: first, namespace: 'shop' } });
      sim.apply(definition(container));
      sim.start();
      await sim.until('it succeeds', hasSucceeded(sim));
      expect(statusOf(sim)).toMatchObject({ collisionCount: 1 });
      expect(statusOf(sim)?.jobName).not.toBe(first);
      expect(sim.store.list(JobKind)).toHaveLength(2);
    });
  });

  test('waits for a slot, and all get one', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      const limits: KeptnConfig = {
        apiVersion: KeptnConfig.apiVersion,
        kind: KeptnConfig.kind,
        metadata: { name: 'limits', namespace: 'sluice-system' },
        spec: { maxJobsPerNamespace: 1 },
      };
      sim.apply(limits);
      const names = Array.from({ length: 12 }, (_, index) => `task-${index}`);
      sim.apply(definition(container), ...names.map((name) => task(name)));
      sim.start();
      for (const name of names) await sim.until(`${name} succeeds`, hasSucceeded(sim, name));
      expect(
        sim.store.history.some(({ object }) => JSON.stringify(object).includes('WaitingForSlot')),
      ).toBe(true);
    });
  });

  test('made in the namespace of nobody in particular runs too, with its own retries and time-out', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      const byHand = { ...task(), spec: { taskDefinition: 'check', retries: 2, timeout: '30s' } };
      sim.apply(definition(container), byHand);
      sim.start();
      await sim.until('it succeeds', hasSucceeded(sim));
      expect(jobsMade(sim)[0]?.spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 30 });
    });
  });
});

describe('what wakes a task', () => {
  const namespaces = { definitionsNamespace: 'sluice-system', operatorNamespace: 'sluice-system' };
  const settings = { ...namespaces, denoImage: '', pythonImage: '', bashImage: '' };
  const { watches, indexes } = taskController(settings);
  const woken = (
    object: { apiVersion: string; kind: string; metadata: { name: string } },
    ...cached: Parameters<typeof fixedLookup>[0]
  ) => {
    const lookup = fixedLookup([...cached, object], indexes);
    return watches
      .filter(({ kind }) => kind.kind === object.kind)
      .flatMap((watch) => watch.keys(object, lookup))
      .map(({ namespace, name }) => `${namespace}/${name}`);
  };
  const job = aJobOf(aTask()).running();

  test('is its Job, and a Pod of its Job', () => {
    expect(woken(job)).toEqual(['shop/pre-check']);
    expect(woken(aPodOf(job), job)).toEqual(['shop/pre-check']);
    expect(woken(aPodOf(job))).toEqual([]);
  });

  test('is no Pod or Job of somebody else', () => {
    const { ownerReferences: _, ...metadata } = job.metadata;
    expect(woken({ ...job, metadata })).toEqual([]);
    expect(woken({ ...aPodOf(job), kind: PodKind.kind, metadata })).toEqual([]);
  });

  test('is a definition it needs directly or by functionRef, of its own namespace or the shared one', () => {
    const chain = aTaskDefinition('check').with({ deno: { functionRef: { name: 'base' } } });
    const at = (namespace: string) => aTaskDefinition('base', { namespace }).with({});
    const other = aTask({ metadata: { name: 'other', namespace: 'bank' } });
    expect(woken(at('shop'), chain, aTask(), other)).toEqual(['shop/pre-check']);
    expect(woken(at('sluice-system'), chain, aTask(), other)).toEqual([
      'shop/pre-check',
      'bank/other',
    ]);
    expect(woken(at('elsewhere'), chain, aTask())).toEqual([]);
  });

  test('is no definition once it has its Job', () => {
    const started = aTask({ status: { status: 'Progressing', jobName: 'j' } });
    expect(woken(aTaskDefinition('check').with({}), started)).toEqual([]);
  });

  test('is a follow-up of its own, and a definition that one of them waits for, until they are over', () => {
    const ended = (...followUps: readonly FollowUpStatus[]) =>
      aTask({ status: { status: 'Failed', jobName: 'j', followUps: [...followUps] } });
    const child = aTask({
      metadata: { name: 'child', ownerReferences: [ownedBy(KeptnTask, aTask())] },
      status: { status: 'Succeeded', jobName: 'k' },
    });
    const undo = aTaskDefinition('undo').with({});
    const pending = { definitionName: 'undo', status: 'Pending' } as const;
    expect(woken(child, ended(pending))).toEqual(['shop/child', 'shop/pre-check']);
    expect(woken(undo, ended(pending))).toEqual(['shop/pre-check']);
    const running = { ...pending, name: 'child', status: 'Progressing' } as const;
    expect(woken(child, ended(running))).toEqual(['shop/child', 'shop/pre-check']);
    expect(woken(undo, ended(running))).toEqual([]);
    const over = { ...running, status: 'Succeeded' } as const;
    expect(woken(child, ended(over))).toEqual(['shop/child']);
    expect(woken(undo, ended(over))).toEqual([]);
    expect(woken(child, ended())).toEqual(['shop/child']);
  });
});

describe('a definition', () => {
  test('takes over the ConfigMap that Keptn left, though it lacks the label of the cache', async () => {
    const sim = simulation({
      watched: [
        { kind: ConfigMapKind, scopes: [{ labelSelector: 'sluice.keptn.sh/function=true' }] },
      ],
    });
    await sim.explained(async () => {
      const left = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'keptnfn-check', namespace: 'shop' },
        data: { code: 'old' },
      };
      sim.apply(left, definition({ deno: { inline: { code: 'new' } } }));
      sim.start();
      const configMap = () => sim.store.get<ConfigMap>(ConfigMapKind, 'shop', 'keptnfn-check');
      await sim.until('the code is new', () => configMap()?.data?.['code'] === 'new');
      await sim.until(
        'the status names it',
        () => sim.store.get(KeptnTaskDefinition, 'shop', 'check')?.status?.function !== undefined,
      );
      expect(configMap()?.metadata.labels).toEqual({ 'sluice.keptn.sh/function': 'true' });
      expect(configMap()?.metadata.ownerReferences).toHaveLength(1);
      const before = sim.writes.length;
      await sim.pass(3_600_000);
      expect(sim.writes).toHaveLength(before);
    });
  });

  test('is corrected when the end of its chain changes', async () => {
    const sim = simulation();
    await sim.explained(async () => {
      sim.apply(
        definition({ deno: { functionRef: { name: 'base' } } }),
        definition({ deno: { functionRef: { name: 'check' } } }, { name: 'base' }),
      );
      sim.start();
      const reason = () =>
        sim.store.get(KeptnTaskDefinition, 'shop', 'check')?.status?.conditions?.[0]?.reason;
      await sim.until('the cycle is shown', () => reason() === 'ChainHasCycle');
      sim.apply(definition({ deno: { httpRef: { url: 'https://x' } } }, { name: 'base' }));
      await sim.until('it is resolved', () => reason() === 'Resolved');
    });
  });
});
