import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf } from '../resource.ts';
import { object, shortText, type Static } from '../schema.ts';
import { lifecycleGroup } from './groups.ts';

const spec = object('What is asked for.', {
  appName: shortText('Name of the KeptnApp to make.'),
});

const status = statusObject('What became of the request.', {});

export type KeptnAppCreationRequestSpec = Static<typeof spec>;
export type KeptnAppCreationRequestStatus = Static<typeof status>;

const v1 = { name: 'v1', spec, status } as const;

/** Asks for a KeptnApp that is put together from the workloads found under its name. */
export const KeptnAppCreationRequest = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnAppCreationRequest',
  description: 'A request for a KeptnApp made of the workloads that name it.',
  summary: 'Succeeded',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3'])],
});
export type KeptnAppCreationRequest = ObjectOf<typeof KeptnAppCreationRequest>;
