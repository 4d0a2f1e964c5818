import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf } from '../resource.ts';
import { integer, list, object, optional, shortText, text, type Static } from '../schema.ts';
import { outdatedAppCheckLists } from './check-lists.ts';
import { lifecycleGroup } from './groups.ts';

/** A workload in one version, as KeptnApp and KeptnAppVersion list it. */
export const appWorkload = object('A workload in one version.', {
  name: shortText('Name of the workload, without the name of the application in front.'),
  version: shortText('Version of the workload.'),
});

/** A workload of an application, in one version. */
export type AppWorkload = Static<typeof appWorkload>;

/** The fields of a KeptnApp's spec; a KeptnAppVersion repeats them. */
export const appSpecFields = {
  version: shortText('Version of the application.'),
  revision: optional(
    integer('Raise it to run the same version of the application again.', { default: 1 }),
  ),
  workloads: optional(list('The workloads that make up this version.', appWorkload)),
};

const spec = object('The application as it should be.', {
  ...appSpecFields,
  // Of KeptnApps that were written before there was a KeptnAppContext; without them their checks would not run.
  ...outdatedAppCheckLists,
});

const status = statusObject('What Sluice knows of the application.', {
  currentVersion: optional(text('The version for which a KeptnAppVersion was made last.')),
  appVersionUID: optional(text('uid of the KeptnAppVersion that was made for this generation.')),
});

export type KeptnAppSpec = Static<typeof spec>;
export type KeptnAppStatus = Static<typeof status>;

const v1 = { name: 'v1', spec, status } as const;

/** An application: workloads that are deployed together. */
export const KeptnApp = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnApp',
  description: 'An application: a set of workloads, each in one version.',
  summary: 'Ready',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2', 'v1alpha1'])],
});
export type KeptnApp = ObjectOf<typeof KeptnApp>;
