import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { celList, celText, either, isByUser, isGatedIn, isOwnedByLifecycleKind } from './cel.ts';
import type { PolicyDefinition, Validation } from './policy.ts';

/** How the names of the ConfigMaps begin that hold the code of functions. */
const functionPrefix = 'keptnfn-';

/**
 * RBAC gives rights on whole kinds. This bounds what Sluice's service account can do with them, should somebody get hold of its
 * token: ConfigMaps with code, the one Secret with its certificates, its labels on Namespaces, Jobs of tasks, and of Pods the gate,
 * labels and annotations.
 */
export function ownWritesPolicy(
  serviceAccountUser: string,
  certificates: { readonly namespace: string; readonly name: string },
): PolicyDefinition {
  return {
    name: 'own-writes.sluice.keptn.sh',
    rules: [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['configmaps', 'namespaces', 'pods', 'secrets'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
      {
        apiGroups: ['batch'],
        apiVersions: ['v1'],
        resources: ['jobs'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
    ],
    matchConditions: [{ name: 'by-sluice', expression: isByUser([serviceAccountUser]) }],
    validations: [configMaps, secrets(certificates), namespaces, jobs, podsChanged, podsDeleted],
  };
}

const isOf = (resource: string) => `request.resource.resource == ${celText(resource)}`;

const configMaps: Validation = {
  expression: `!(${isOf('configmaps')}) || request.name.startsWith('${functionPrefix}')`,
  message: `Sluice's own user may write only ConfigMaps whose names begin with ${functionPrefix}`,
  reason: 'Forbidden',
};

/** The right to create cannot be bound to a name: this can. */
const secrets = ({
  namespace,
  name,
}: {
  readonly namespace: string;
  readonly name: string;
}): Validation => ({
  expression: `!(${isOf('secrets')}) || (request.operation != 'DELETE' && request.namespace == ${celText(namespace)} && request.name == ${celText(name)})`,
  message: `Sluice's own user may write no Secret but ${namespace}/${name}, and delete none`,
  reason: 'Forbidden',
});

/** The entries of a map without those of Sluice. */
const others = (map: string, own: readonly string[]) =>
  `${map}.filter(key, !(key in ${celList(own)})).map(key, key + '=' + ${map}[key])`;
/** Whether labels or annotations are what they were but for those of Sluice. */
const keeps = (field: 'labels' | 'annotations', own: readonly string[]) => {
  const [now, before] = ['object', 'oldObject'].map((object) =>
    others(`${object}.metadata.?${field}.orValue({})`, own),
  );
  return `sets.equivalent(${now}, ${before})`;
};

const namespaces: Validation = {
  expression: `!(${isOf('namespaces')}) || (request.operation == 'UPDATE' && ${[
    'dyn(object).spec == dyn(oldObject).spec',
    'object.metadata.?finalizers == oldObject.metadata.?finalizers',
    'object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences',
    keeps('labels', [sluiceKeys.enabled, sluiceKeys.listed]),
    keeps('annotations', [sluiceKeys.optInRecorded]),
  ].join(' && ')})`,
  message: `Sluice's own user may change nothing of a Namespace but the labels ${sluiceKeys.enabled} and ${sluiceKeys.listed}, and the annotation ${sluiceKeys.optInRecorded}`,
  reason: 'Forbidden',
};

const isOfTask = (object: 'object' | 'oldObject') => isOwnedByLifecycleKind(object, KeptnTask.kind);
// A Job may have lost its owner.
const wasOfTask = either(
  isOfTask('oldObject'),
  `${celText(sluiceKeys.task)} in oldObject.metadata.?labels.orValue({})`,
);

const jobs: Validation = {
  expression: `!(${isOf('jobs')}) || (request.operation == 'CREATE' ? ${isOfTask('object')} : (${wasOfTask}))`,
  message: "Sluice's own user may write only Jobs that a KeptnTask owns",
  reason: 'Forbidden',
};

/** What can be changed of a Pod's spec at all, gates apart. */
const podFields = [
  'containers',
  'initContainers',
  'activeDeadlineSeconds',
  'tolerations',
  'nodeSelector',
  'affinity',
  'terminationGracePeriodSeconds',
];

const podsChanged: Validation = {
  expression: `!(${isOf('pods')}) || request.operation == 'DELETE' || (request.operation == 'UPDATE' && ${podFields
    .map((field) => `dyn(object).spec.?${field} == dyn(oldObject).spec.?${field}`)
    .join(' && ')})`,
  message: "Sluice's own user may change nothing of a Pod but gates, labels and annotations",
  reason: 'Forbidden',
};

const podsDeleted: Validation = {
  expression: `!(${isOf('pods')}) || request.operation != 'DELETE' || ${isGatedIn('dyn(oldObject)')}`,
  message: "Sluice's own user may delete only Pods that its gate holds",
  reason: 'Forbidden',
};
