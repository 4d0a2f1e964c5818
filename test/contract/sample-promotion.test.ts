import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pod } from '../../src/api/builtin.ts';
import type { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { spanOf } from '../../src/domain/trace/traceparent.ts';
import { EnabledNamespace, isCompleted } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { GitRepository } from '../support/functions/git-repository.ts';
import { serveGit } from '../support/functions/git-server.ts';
import { type OtlpReceiver, receiveOtlp } from '../support/traces/otlp-receiver.ts';
import { endPod, leftToTest, podOf, runPod } from '../support/cluster/played-kubelet.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  applySample,
  type Change,
  changes,
  sampleNamespace,
  samples,
} from '../support/builders/samples.ts';

/** The sample promotion: two stages, a real Git repository between them, and traces that lead from one to the other. */

let sluice: RunningSluice;
let collector: OtlpReceiver;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  collector = await receiveOtlp({ protocol: 'http' });
  const OTelCollectorUrl = `http://127.0.0.1:${collector.port}`;
  await sluice.configure({ OTelCollectorUrl });
});
afterAll(async () => {
  await sluice.configure();
  await collector[Symbol.asyncDispose]();
});

/** What a GitOps tool does for a stage: it applies what the repository holds. */
async function sync(
  repository: GitRepository,
  stage: EnabledNamespace,
  { folder, changed = [] }: { readonly folder: string; readonly changed?: readonly Change[] },
): Promise<void> {
  await applySample(stage.cluster, {
    folder: join(repository.checkOut(), folder),
    namespace: stage.name,
    changes: changed,
  });
}

const inRepository = (url: string): Change => ({
  kind: 'KeptnTaskDefinition',
  path: '/spec/bash/parameters/map/repository',
  value: url,
});

/** The application in a version, once that is through. */
function untilThrough(stage: EnabledNamespace, version: string): Promise<KeptnAppVersion> {
  return eventually(`version ${version} is through in ${stage.name}`, async () => {
    const versions = await stage.appVersions();
    return versions.find((each) => each.spec.version === version && isCompleted(each));
  });
}

const Context = Type.Object({ traceparent: Type.String() });

function traceparentOf({ spec }: Pod): string {
  const { env = [] } = spec?.containers?.[0] ?? {};
  const text = env.find(({ name }) => name === 'KEPTN_CONTEXT')?.value ?? '{}';
  const context: unknown = JSON.parse(text);
  if (!Value.Check(Context, context)) throw new Error(`no traceparent in ${text}`);
  return context.traceparent;
}

it('a version that is through in dev gets to prod by a commit, with metadata and a link between the traces', async () => {
  using repository = new GitRepository(join(samples, 'promotion'));
  await using dev = EnabledNamespace.named(sluice.cluster, sampleNamespace());
  await using prod = EnabledNamespace.named(sluice.cluster, sampleNamespace());
  const password = 'xyzzy-plugh';
  const { directory } = repository;
  await using server = await serveGit({ directory, user: 'git', password });
  await sync(repository, prod, { folder: 'prod' });
  const changed = [changes.tasks(leftToTest), inRepository(server.url)];
  await sync(repository, dev, { folder: 'dev', changed });
  await dev.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'git-token' },
    stringData: { SECURE_DATA: password },
  });
  const before = await untilThrough(prod, '3.9');
  expect(before.spec.metadata).toEqual({ stage: 'prod' });
  const promotion = await dev.untilTask('promote', () => true);
  const pod = await podOf(dev, promotion);

  repository.refuseOnce();
  const end = await runPod(sluice.cluster, pod);
  expect(end.status).toMatchObject({
    status: 'succeeded',
    attempts: [
      { reason: 'FunctionFailed', lastErrorLine: expect.stringContaining('failed to push') },
      { reason: 'Completed' },
    ],
    result: { stage: 'prod', commit: repository.head },
  });
  expect(repository.commits).toEqual(['Promote shop 3.10 to prod', 'First']);
  expect(repository.changedFiles).toEqual(['prod/handed-over.json', 'prod/version.json']);
  // Run again, it finds nothing to do, and that is a success.
  const again = await runPod(sluice.cluster, pod);
  expect(again.status).toMatchObject({ status: 'succeeded', result: end.status.result });
  expect(repository.commits).toHaveLength(2);
  expect(server.refused).toBe(0);
  expect(end.stdout + end.stderr + again.stdout).not.toContain(password);

  await endPod(sluice.cluster, pod, end);
  await untilThrough(dev, '3.10');
  await sync(repository, prod, { folder: 'prod' });
  const promoted = await untilThrough(prod, '3.10');
  const traceparent = traceparentOf(pod);
  expect(promoted.spec).toMatchObject({
    metadata: { stage: 'prod', team: 'checkout', promotedFrom: 'dev' },
    spanLinks: [traceparent],
  });
  expect(promoted.spec.metadata).not.toHaveProperty('traceparent');

  const link = spanOf(traceparent);
  const task = await eventually('the span of the promotion', () =>
    collector.spans.find(({ spanId }) => spanId === link?.spanId),
  );
  expect(task).toMatchObject({ name: promotion.metadata.name, traceId: link?.traceId });
  const linked = await eventually(
    'a span of prod with a link',
    () =>
      collector.spans.filter(({ links }) => links.some(({ spanId }) => spanId === task.spanId))[0],
  );
  expect(linked).toMatchObject({ links: [{ traceId: task.traceId }] });
  expect(linked.traceId).not.toBe(task.traceId);
  expect(linked.attributes).toMatchObject({ 'keptn.deployment.app.namespace': prod.name });
});
