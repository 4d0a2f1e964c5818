import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Kind } from '../../src/api/object.ts';
import { conditionOf, conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import type { Referrer } from '../../src/domain/resolved-refs.ts';
import { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { Scratch } from '../support/functions/function-run.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { documentsOf, overlayOn, sampleNamespace, samples } from '../support/builders/samples.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** The samples as they are in the repository; what they do is told by the tests named sample-…. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

/** What names others, and tells whether they are there. */
const referrers: readonly Kind<Referrer>[] = [
  KeptnAppContext,
  KeptnEvaluationDefinition,
  KeptnTaskDefinition,
];

/** Nobody is warned of this document; caches may need a moment to know what was applied before it. */
async function isAppliedInSilence(manifest: Manifest): Promise<void> {
  let last: unknown;
  const silent = { warnings: [] };
  await eventually('a document without a warning', async () => {
    last = await sluice.cluster.verdictOn(manifest);
    return JSON.stringify(last) === JSON.stringify(silent);
  }).catch(() => {
    expect(last, `${manifest.kind} ${manifest.metadata.name}`).toEqual(silent);
  });
  await sluice.cluster.apply(manifest);
}

async function becomesReady(shop: EnabledNamespace, manifest: Manifest): Promise<void> {
  const kind = referrers.find((each) => each.kind === manifest.kind);
  if (kind === undefined) return;
  const { name = '' } = manifest.metadata;
  const place = { namespace: shop.name, name, withinMs: 15_000 };
  await shop.cluster.until(kind, place, (object) => {
    const refs = conditionOf(object, conditionTypes.resolvedRefs);
    return isTrue(object, conditionTypes.ready) && refs?.status !== 'False';
  });
}

const folders = ['notifications', 'rollback/v1', 'rollback/v2', 'promotion/dev', 'promotion/prod'];

describe.concurrent('a sample', () => {
  it.for(folders)('%s is applied without a warning and finds all it names', async (folder) => {
    using scratch = new Scratch();
    await using shop = EnabledNamespace.named(sluice.cluster, sampleNamespace());
    const overlay = overlayOn(scratch, { folder: join(samples, folder), namespace: shop.name });
    const documents = await documentsOf(sluice.cluster, overlay);
    expect(documents.length).toBeGreaterThan(2);
    for (const document of documents) await isAppliedInSilence(document);
    await Promise.all(documents.map((document) => becomesReady(shop, document)));
  });
});
