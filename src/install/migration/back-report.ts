import { fieldOf, isJsonObject } from '../../api/json.ts';
import { servedKinds } from '../../api/keptn/registry.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { CustomResourceDefinitionKind } from '../../api/registration-kinds.ts';
import { unknownFields } from '../../api/unknown-fields.ts';
import type { InstallCluster } from '../install-cluster.ts';
import { type FoundKeptn, storageOf } from './found-keptn.ts';
import { placeOf } from './keptn-parts.ts';
import { managersOf } from './managers.ts';
import { type Found, ignoredFound } from './migration-report.ts';
import { replicasRecorded } from './operators.ts';
import type { MigrationRecord } from './record.ts';

/** What handing a cluster back to Keptn does. */
export interface BackReport {
  /** Where Sluice runs and the record is. */
  readonly namespace: string;
  readonly operators: readonly Found[];
  /** What has the name of an operator of Keptn and is none. */
  readonly ignored: readonly Found[];
  /** Configurations, CRDs, APIServices and Services. */
  readonly restored: readonly Found[];
  /** Objects that say more than Keptn can read. */
  readonly lost: readonly Found[];
  readonly obstacles: readonly string[];
}

/** The report on the way back, from the record of the migration and the cluster as it is. Changes nothing. */
export async function backReport(
  record: MigrationRecord,
  found: FoundKeptn,
  {
    cluster,
    namespace,
  }: { readonly cluster: Pick<InstallCluster, 'listPaged'>; readonly namespace: string },
): Promise<BackReport> {
  const crds = record.objects.filter(({ kind }) => kind === CustomResourceDefinitionKind.kind);
  const lost: Found[] = [];
  for (const resource of servedKinds) {
    const crd = crds.find(
      ({ metadata }) => metadata.name === `${resource.plural}.${resource.group}`,
    );
    if (crd !== undefined) lost.push(...(await lostIn(resource, crd, cluster)));
  }
  return {
    namespace,
    operators: found.deployments.map((deployment) => {
      const before = replicasRecorded(deployment);
      return {
        what: `Deployment ${placeOf(deployment)}`,
        becomes:
          before === undefined ? 'stays as it is' : `is scaled to ${before}, as it was before`,
      };
    }),
    ignored: found.ignored.map(ignoredFound),
    restored: record.objects.map((object) => ({
      what: `${object.kind} ${placeOf(object)}`,
      becomes:
        object.kind === CustomResourceDefinitionKind.kind
          ? `is Keptn’s again; its objects are stored as ${storageOf(object)}`
          : 'is as it was before',
    })),
    lost,
    obstacles: managersOf(found),
  };
}

/** Kinds that people write, and whose objects may say more than Keptn can read. */
const written: readonly string[] = [
  'KeptnApp',
  'KeptnAppContext',
  'KeptnTaskDefinition',
  'KeptnEvaluationDefinition',
  'KeptnMetric',
  'KeptnMetricsProvider',
  'KeptnConfig',
];

async function lostIn(
  { kind, group, plural, namespaced }: Resource,
  crd: KubernetesObject,
  cluster: Pick<InstallCluster, 'listPaged'>,
): Promise<readonly Found[]> {
  if (!written.includes(kind)) return [];
  const version = storageOf(crd);
  const schema = specSchema(crd, version);
  if (schema === undefined) return [];
  const lost: Found[] = [];
  const inVersion = { apiVersion: `${group}/${version}`, kind, plural, namespaced };
  for await (const { items } of cluster.listPaged(inVersion)) {
    for (const object of items) {
      const fields = unknownFields(schema, fieldOf(object, 'spec'), 'spec');
      if (fields.length === 0) continue;
      lost.push({
        what: `${kind} ${placeOf(object)}`,
        becomes: `says ${fields.join(', ')}, which Keptn does not know and drops`,
      });
    }
  }
  return lost;
}

/** What a CRD says about `spec` in a version; undefined where it keeps whatever there is. */
function specSchema(crd: KubernetesObject, version: string): object | undefined {
  const versions = fieldOf(fieldOf(crd, 'spec'), 'versions');
  const found: unknown = Array.isArray(versions)
    ? versions.find((one: unknown) => fieldOf(one, 'name') === version)
    : undefined;
  const schema = fieldOf(fieldOf(found, 'schema'), 'openAPIV3Schema');
  const spec = fieldOf(fieldOf(schema, 'properties'), 'spec');
  const isOpen = fieldOf(spec, 'x-kubernetes-preserve-unknown-fields') === true;
  return isJsonObject(spec) && !isOpen ? spec : undefined;
}
