import type { KeptnWorkloadVersion as WorkloadVersion } from '../api/keptn/workload-version.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';

/** A version is found by what it is, never by its name: two different versions can have one name by Keptn's rule. */
export interface VersionIdentity {
  readonly namespace: string;
  readonly app: string;
  /** The name of the KeptnWorkload. */
  readonly workloadName: string;
  readonly version: string;
}

/** The value of `versionByIdentity`. */
export function identityValue({ namespace, app, workloadName, version }: VersionIdentity): string {
  return JSON.stringify([namespace, app, workloadName, version]);
}

/** The value of `versionByRevision`. */
export function revisionValue(namespace: string, revision: string): string {
  return `${namespace}/${revision}`;
}

export const versionByIdentity = {
  kind: KeptnWorkloadVersion,
  name: 'identity',
  values: ({ metadata, spec: { app, workloadName, version } }: WorkloadVersion) => [
    identityValue({ namespace: metadata.namespace ?? '', app, workloadName, version }),
  ],
};

export const versionByRevision = {
  kind: KeptnWorkloadVersion,
  name: 'released-revision',
  values: ({ metadata, status }: WorkloadVersion) =>
    (status?.releasedRevisions ?? []).map((revision) =>
      revisionValue(metadata.namespace ?? '', revision),
    ),
};

/** The indexes that admission needs of the caches, beside those every kind has. */
export const admissionIndexes = [versionByIdentity, versionByRevision];
