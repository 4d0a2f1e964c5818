import { containerSettings } from '../container.ts';
import { list, object, openObject, optional, stringMap, typed, type Static } from '../schema.ts';

const anything = (description: string) =>
  typed<Record<string, unknown>>(openObject(description, {}));

const fields = {
  labels: optional(
    stringMap(
      'Labels of the Job and its Pod: those of a definition stay on its KeptnTasks, because selectors of Services would find the Pod.',
    ),
  ),
  annotations: optional(stringMap('Further annotations of the Pod.')),
  ...containerSettings,
  podSecurityContext: optional(
    anything(
      'Security settings of the Pod, as `securityContext` of a Pod: for all its containers, injected ones included.',
    ),
  ),
  nodeSelector: optional(stringMap('Labels that a node must have to run the Pod.')),
  tolerations: optional(
    list('Taints of nodes that the Pod bears.', anything('One toleration of Kubernetes.'), {
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  affinity: optional(anything('Rules that draw the Pod to nodes, as in a Pod.')),
  volumes: optional(
    list(
      'Volumes that volumeMounts or the container of the definition name.',
      openObject('One volume of Kubernetes.', {
        name: typed<string>({ type: 'string', description: 'Its name.' }),
      }),
      { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    ),
  ),
};

const schema = object('', fields);

/** What a definition, or the KeptnConfig for all of them, adds to Jobs. */
export type JobOptions = Static<typeof schema>;

/** The field of that name; what is not set is not in the Job. */
export const jobOptions = (description: string) => object(description, fields);
