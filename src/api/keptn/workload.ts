import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf } from '../resource.ts';
import { list, object, optional, shortText, stringMap, text, type Static } from '../schema.ts';
import { checkLists } from './check-lists.ts';
import { followUpLists } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';

const resourceReference = object('The object that owns the Pods of this version.', {
  uid: text('Its uid.'),
  kind: text('Its kind: ReplicaSet, StatefulSet or DaemonSet.'),
  name: text('Its name.'),
});

/** The object that owns the Pods of a version. */
export type ResourceReference = Static<typeof resourceReference>;

/** The fields of a KeptnWorkload's spec; a KeptnWorkloadVersion repeats them. */
export const workloadSpecFields = {
  app: shortText('Name of the application.'),
  version: shortText('Version of the workload.'),
  ...checkLists,
  ...followUpLists,
  resourceReference,
  deploymentTimeout: optional(
    text(
      'How long the deployment may make no progress, as a Go duration. KeptnAppContext and KeptnConfig say it where it is not set here.',
    ),
  ),
  mode: optional(
    text(
      'What a failed check does: block, warn or observe. Its definition comes first; Namespace and KeptnConfig say it where it is not set here.',
    ),
  ),
  deadlines: optional(
    object(
      'How long a wait may last until it counts as failed, as Go durations; 0s: for ever. KeptnAppContext, Namespace and KeptnConfig say it where it is not set here.',
      {
        definition: optional(text('For a definition that does not exist.')),
        app: optional(text('For an application version that lists this workload.')),
        metric: optional(text('For a metric, its provider or its first value.')),
        jobStart: optional(text('For the first start of the Job of a task.')),
      },
    ),
  ),
  metadata: optional(stringMap('Handed to every task and put on every span of the workload.')),
};

const spec = object('The workload in its current version.', workloadSpecFields);

const owner = object('An owner of Pods of the workload.', {
  kind: text('Deployment, Rollout, StatefulSet or DaemonSet.'),
  name: text('Its name.'),
  uid: text('Its uid.'),
  version: optional(text('The version that its current revision carries.')),
});

/** The top owner of Pods of a workload. */
export type WorkloadOwner = Static<typeof owner>;

const status = statusObject('What Sluice knows of the workload.', {
  currentVersion: optional(text('The version for which a KeptnWorkloadVersion was made last.')),
  owners: optional(list('Everything whose Pods carry the name of this workload.', owner)),
  prunedVersions: optional(
    list(
      'The versions whose KeptnWorkloadVersion was deleted last because there were too many; the newest of them last. Going back to one of them repeats its checks.',
      text(''),
    ),
  ),
});

export type KeptnWorkloadSpec = Static<typeof spec>;
export type KeptnWorkloadStatus = Static<typeof status>;

const v1 = {
  name: 'v1',
  spec,
  status,
  columns: [
    { name: 'AppName', jsonPath: '.spec.app' },
    { name: 'Version', jsonPath: '.spec.version' },
  ],
} as const;

/** A workload: the Pods of one Deployment, Rollout, StatefulSet or DaemonSet. */
export const KeptnWorkload = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnWorkload',
  description: 'A workload of an application, in its current version.',
  summary: 'Ready',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2', 'v1alpha1'])],
});
export type KeptnWorkload = ObjectOf<typeof KeptnWorkload>;
