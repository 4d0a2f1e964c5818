import { keptnAnnotations, recommendedLabels } from '../../api/keptn/annotations.ts';
import { controllerOf, type ObjectMeta } from '../../api/object.ts';
import { valueOf } from '../identity/metadata-value.ts';
import { revisionHashLabel } from '../owner/owner-chain.ts';

/** The entries of a list of released versions. The policy `released-versions` makes the same texts of a Pod. */
export const entryOf = {
  version: (workloadName: string, version: string): string => `version/${workloadName}/${version}`,
  revision: (revision: string): string => `revision/${revision}`,
  /** An owner that is annotated while its Pods are not: they are told by its name. */
  owner: (kind: string, name: string): string => `owner/${kind}/${name}`,
} as const;

/** The entries of which one suffices to let this Pod start: its version, if it names that itself, and its revision. */
export function entriesOfPod(pod: { readonly metadata: ObjectMeta }): readonly string[] {
  const workload = valueOf(pod.metadata, keptnAnnotations.workload, recommendedLabels.workload);
  const version = valueOf(pod.metadata, keptnAnnotations.version, recommendedLabels.version);
  const app = valueOf(pod.metadata, keptnAnnotations.app, recommendedLabels.app) ?? workload;
  const own =
    workload === undefined || version === undefined || app === undefined
      ? []
      : [
          entryOf.version(
            `${app}-${workload}`.toLowerCase().replaceAll('_', '-'),
            version.toLowerCase(),
          ),
        ];
  const owner = controllerOf(pod);
  if (owner === undefined) return own;
  const hash = pod.metadata.labels?.[revisionHashLabel] ?? '';
  const revision = owner.kind === 'ReplicaSet' ? owner.uid : `${owner.uid}/${hash}`;
  return [...own, entryOf.revision(revision)];
}
