import { statusObject } from '../condition.ts';
import { alike, defineResource } from '../resource.ts';
import { lifecycleGroup } from './groups.ts';
import { outdatedItemLists, outdatedItemNames } from './outdated-item-names.ts';
import { versionColumns, versionSpec, versionStatusFields } from './workload-version.ts';

const deprecationWarning =
  'nothing acts on a KeptnWorkloadInstance: versions of workloads are KeptnWorkloadVersions (lifecycle.keptn.sh/v1) now, which Sluice makes by itself';

const v1alpha3 = {
  name: 'v1alpha3',
  spec: versionSpec,
  status: statusObject('How far the version had come.', versionStatusFields),
  columns: versionColumns,
  deprecationWarning,
} as const;

/** What a KeptnWorkloadVersion was called before v1alpha4. Kept, so that what is stored can be read; nothing acts on it. */
export const KeptnWorkloadInstance = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnWorkloadInstance',
  shortNames: ['kwi'],
  description: 'Outdated: one version of a workload, as Keptn recorded it before v1alpha4.',
  summary: 'Succeeded',
  versions: [
    v1alpha3,
    ...alike(v1alpha3, ['v1alpha2']),
    {
      ...v1alpha3,
      name: 'v1alpha1',
      status: statusObject('How far the version had come.', {
        ...versionStatusFields,
        ...outdatedItemLists,
      }),
      statusMapping: outdatedItemNames,
    },
  ],
});
