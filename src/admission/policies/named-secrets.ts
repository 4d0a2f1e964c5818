import type { Expression } from './policy.ts';

/*
 * In CEL, the Secrets that a KeptnTaskDefinition, a KeptnTask or a KeptnMetricsProvider names, wherever it can. What a kind or a
 * Kubernetes version does not have is simply not there.
 */

/** References beyond these are not told apart; all but a few objects name one Secret or none. */
const mostReferences = 64;

/** A check costs 350,000 of the 10,000,000 units that the API server allows a policy. */
export const mostSecrets = 16;

const spec = 'object.spec';
const volumes = 'variables.volumes';

/** The texts at `path` of each element, where there is one: `path` as CEL selects optional fields. */
const eachOf = (list: string, path: string): string =>
  `${list}.filter(one, one.${path}.orValue('') != '').map(one, one.${path}.value())`;

const only = (path: string): string => `[${path}.orValue('')]`;

/** Volume types whose `secretRef` names a Secret. */
const withSecretRef = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'];

const references: readonly string[] = [
  only(`${spec}.?secretKeyRef.?name`),
  only(`${spec}.?secureParameters.?secret`),
  eachOf(`${spec}.?secureParameters.?secrets.orValue([])`, '?name'),
  ...['deno', 'python', 'bash'].flatMap((runner) => [
    only(`${spec}.?${runner}.?secureParameters.?secret`),
    eachOf(`${spec}.?${runner}.?secureParameters.?secrets.orValue([])`, '?name'),
  ]),
  eachOf(`${spec}.?imagePullSecrets.orValue([])`, '?name'),
  eachOf(`${spec}.?container.?env.orValue([])`, '?valueFrom.?secretKeyRef.?name'),
  eachOf(`${spec}.?container.?envFrom.orValue([])`, '?secretRef.?name'),
  eachOf(`${spec}.?job.?envFrom.orValue([])`, '?secretRef.?name'),
  eachOf(volumes, '?secret.?secretName'),
  eachOf(volumes, '?azureFile.?secretName'),
  eachOf(volumes, '?csi.?nodePublishSecretRef.?name'),
  ...withSecretRef.map((type) => eachOf(volumes, `?${type}.?secretRef.?name`)),
  // A list of lists, made flat by the comma that no name of a Secret contains.
  `${volumes}.map(one, ${eachOf('one.?projected.?sources.orValue([])', '?secret.?name').replaceAll('one.?secret', 'source.?secret').replaceAll('(one,', '(source,')}.join(',')).join(',').split(',')`,
];

const indexes = [...Array.from({ length: mostReferences }).keys()].join(', ');

/** `variables.secrets`: the names, each once; `variables.tooManySecrets`: whether there are more than could be checked. */
export const namedSecrets: readonly Expression[] = [
  { name: 'volumes', expression: `${spec}.?job.?volumes.orValue([])` },
  {
    name: 'secretReferences',
    expression: `(${references.join(' + ')}).filter(name, name != '')`,
  },
  {
    name: 'secrets',
    expression: `[${indexes}].filter(i, i < size(variables.secretReferences) && variables.secretReferences.indexOf(variables.secretReferences[i]) == i).map(i, variables.secretReferences[i])`,
  },
  {
    name: 'tooManySecrets',
    expression: `size(variables.secretReferences) > ${mostReferences} || size(variables.secrets) > ${mostSecrets}`,
  },
];
