import type { Container } from './builtin.ts';
import {
  bool,
  int32,
  int64,
  intOrString,
  list,
  listByKey,
  mapOf,
  openObject,
  optional,
  quantity,
  text,
  typed,
  type TSchema,
} from './schema.ts';

/**
 * A core/v1 Container inside one of our own kinds. The fields are declared so that the API server checks their types and
 * applies their defaults; every object is open, so that a field of a newer Kubernetes is neither refused nor lost.
 * What the fields mean is in the Kubernetes API reference and is not repeated here.
 */

const atomic = { 'x-kubernetes-list-type': 'atomic' };
const atomicMap = { 'x-kubernetes-map-type': 'atomic' };

const maybeText = optional(text(''));
const maybeBool = optional(bool(''));
const maybeInt32 = optional(int32(''));
const maybeInt64 = optional(int64(''));
const texts = optional(list('', text(''), atomic));

const reference = { name: optional(text('', { default: '' })), optional: maybeBool };
const keySelector = optional(openObject('', { key: text(''), ...reference }, atomicMap));

const envVar = openObject('', {
  name: text(''),
  value: maybeText,
  valueFrom: optional(
    openObject('', {
      configMapKeyRef: keySelector,
      secretKeyRef: keySelector,
      fieldRef: optional(openObject('', { fieldPath: text(''), apiVersion: maybeText }, atomicMap)),
      resourceFieldRef: optional(
        openObject(
          '',
          { resource: text(''), containerName: maybeText, divisor: optional(quantity('')) },
          atomicMap,
        ),
      ),
    }),
  ),
});

const envFromSource = openObject('', {
  prefix: maybeText,
  configMapRef: optional(openObject('', reference, atomicMap)),
  secretRef: optional(openObject('', reference, atomicMap)),
});

const port = openObject('', {
  containerPort: int32(''),
  protocol: optional(text('', { default: 'TCP' })),
  name: maybeText,
  hostPort: maybeInt32,
  hostIP: maybeText,
});

const action = {
  exec: optional(openObject('', { command: texts })),
  httpGet: optional(
    openObject('', {
      port: intOrString(''),
      path: maybeText,
      host: maybeText,
      scheme: maybeText,
      httpHeaders: optional(list('', openObject('', { name: text(''), value: text('') }), atomic)),
    }),
  ),
  tcpSocket: optional(openObject('', { port: intOrString(''), host: maybeText })),
};

const hook = optional(
  openObject('', { ...action, sleep: optional(openObject('', { seconds: int64('') })) }),
);

const probe = optional(
  openObject('', {
    ...action,
    grpc: optional(
      openObject('', { port: int32(''), service: optional(text('', { default: '' })) }),
    ),
    initialDelaySeconds: maybeInt32,
    periodSeconds: maybeInt32,
    timeoutSeconds: maybeInt32,
    successThreshold: maybeInt32,
    failureThreshold: maybeInt32,
    terminationGracePeriodSeconds: maybeInt64,
  }),
);

const profile = optional(openObject('', { type: text(''), localhostProfile: maybeText }));

const securityContext = openObject('', {
  allowPrivilegeEscalation: maybeBool,
  privileged: maybeBool,
  readOnlyRootFilesystem: maybeBool,
  runAsNonRoot: maybeBool,
  runAsUser: maybeInt64,
  runAsGroup: maybeInt64,
  procMount: maybeText,
  capabilities: optional(openObject('', { add: texts, drop: texts })),
  appArmorProfile: profile,
  seccompProfile: profile,
  seLinuxOptions: optional(
    openObject('', { level: maybeText, role: maybeText, type: maybeText, user: maybeText }),
  ),
  windowsOptions: optional(
    openObject('', {
      gmsaCredentialSpec: maybeText,
      gmsaCredentialSpecName: maybeText,
      hostProcess: maybeBool,
      runAsUserName: maybeText,
    }),
  ),
});

const resources = openObject('', {
  limits: optional(mapOf('', quantity(''))),
  requests: optional(mapOf('', quantity(''))),
  claims: optional(listByKey('', openObject('', { name: text(''), request: maybeText }), ['name'])),
});

const volumeMount = openObject('', {
  name: text(''),
  mountPath: text(''),
  readOnly: maybeBool,
  recursiveReadOnly: maybeText,
  subPath: maybeText,
  subPathExpr: maybeText,
  mountPropagation: maybeText,
});

const fields: Record<string, TSchema> & { name: TSchema } = {
  name: text(''),
  image: maybeText,
  imagePullPolicy: maybeText,
  command: texts,
  args: texts,
  workingDir: maybeText,
  env: optional(listByKey('', envVar, ['name'])),
  envFrom: optional(list('', envFromSource, atomic)),
  ports: optional(listByKey('', port, ['containerPort', 'protocol'])),
  volumeMounts: optional(listByKey('', volumeMount, ['mountPath'])),
  volumeDevices: optional(
    listByKey('', openObject('', { name: text(''), devicePath: text('') }), ['devicePath']),
  ),
  resources: optional(resources),
  resizePolicy: optional(
    list('', openObject('', { resourceName: text(''), restartPolicy: text('') }), atomic),
  ),
  restartPolicy: maybeText,
  securityContext: optional(securityContext),
  lifecycle: optional(openObject('', { postStart: hook, preStop: hook })),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  terminationMessagePath: maybeText,
  terminationMessagePolicy: maybeText,
  stdin: maybeBool,
  stdinOnce: maybeBool,
  tty: maybeBool,
};

/** The settings of a container that say nothing of what it runs, with a word each for `kubectl explain`. */
export const containerSettings = {
  imagePullPolicy: optional(text('When the image is pulled: Always, IfNotPresent or Never.')),
  envFrom: optional(
    list('ConfigMaps and Secrets whose keys become environment variables.', envFromSource, atomic),
  ),
  volumeMounts: optional(listByKey('Where volumes are mounted.', volumeMount, ['mountPath'])),
  resources: optional(
    typed<Record<string, unknown>>({ ...resources, description: 'Requests and limits.' }),
  ),
  securityContext: optional(
    typed<Record<string, unknown>>({
      ...securityContext,
      description: 'Security settings of a container that has none of its own.',
    }),
  ),
};

/** The schema of a container. */
export const container = (description: string) => typed<Container>(openObject(description, fields));
