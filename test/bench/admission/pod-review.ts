import type { Manifest } from '../../support/cluster/test-cluster.ts';

/** The namespace of the reviewed Pod and of what it belongs to. */
export const namespace = 'shop';
export const application = 'shop';
export const version = '2.14.3';

/** One workload among many of the same kind, and the names of its objects. */
export function workloadNames(index: number) {
  const workload = `service-${index}`;
  const hash = (0x5d4b900 + index).toString(36);
  return { workload, deployment: workload, hash, replicaSet: `${workload}-${hash}` };
}

/** Annotations as people write them into a Pod template. */
export function templateAnnotations(workload: string): Record<string, string> {
  return {
    'keptn.sh/app': application,
    'keptn.sh/workload': workload,
    'keptn.sh/version': version,
    'keptn.sh/pre-deployment-tasks': 'check-database,check-dependencies',
    'keptn.sh/post-deployment-tasks': 'smoke-test',
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '8080',
  };
}

/** How large the review of a usual Pod is: two containers, twenty variables, managedFields. */
const reviewBytes = 7_712;

/** The review of a new Pod of a workload, in exactly that size. */
export function podReview(index: number): string {
  const small = JSON.stringify(reviewWith(index, ''));
  return JSON.stringify(reviewWith(index, 'x'.repeat(Math.max(0, reviewBytes - small.length))));
}

function reviewWith(index: number, padding: string) {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '6f1f7f0e-3f3c-4d2c-9a3e-1f6f8a2b7c11',
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace,
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '0a3d9c9a-6a0b-4a49-bb62-6d6e1f3b6a55',
        groups: [
          'system:serviceaccounts',
          'system:serviceaccounts:kube-system',
          'system:authenticated',
        ],
        extra: {
          'authentication.kubernetes.io/credential-id': [
            'JTI=2c0f7cf0-9d5f-4a3c-8f0e-9f52c3f5d1aa',
          ],
        },
      },
      object: reviewedPod(index, padding),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function reviewedPod(index: number, padding: string): Manifest {
  const { workload, hash, replicaSet } = workloadNames(index);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${replicaSet}-`,
      creationTimestamp: null,
      labels: { 'app.kubernetes.io/name': workload, 'pod-template-hash': hash },
      annotations: { ...templateAnnotations(workload), 'example.com/padding': padding },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: replicaSet,
          uid: uidOf(replicaSet),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-20T10:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: managedFields(),
        },
      ],
    },
    spec: {
      volumes: [{ name: 'kube-api-access-7xk2p', projected: tokenVolume }],
      containers: containers.map(container),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((condition) => ({
        key: `node.kubernetes.io/${condition}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {},
  };
}

/** The uid that an object of this name has wherever the benchmark mentions it. */
export function uidOf(name: string): string {
  return `uid-of-${name}`;
}

const containers = ['main', 'proxy'];
const variables = Array.from({ length: 10 }, (_, index) => `SETTING_${index}`);

function container(name: string) {
  return {
    name,
    image: `registry.example.com/team/${name}:${version}`,
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: variables.map((variable) => ({ name: variable, value: `value of ${variable}` })),
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m' } },
    volumeMounts: [
      {
        name: 'kube-api-access-7xk2p',
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    livenessProbe: probe('/livez'),
    readinessProbe: probe('/readyz'),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true },
  };
}

function probe(path: string) {
  const httpGet = { path, port: 'http', scheme: 'HTTP' };
  return {
    httpGet,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

const tokenVolume = {
  sources: [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  ],
  defaultMode: 420,
};

function managedFields() {
  const env = Object.fromEntries(
    variables.map((variable) => [
      `k:{"name":"${variable}"}`,
      { '.': {}, 'f:name': {}, 'f:value': {} },
    ]),
  );
  return {
    'f:metadata': { 'f:generateName': {}, 'f:labels': { '.': {}, 'f:pod-template-hash': {} } },
    'f:spec': {
      'f:containers': Object.fromEntries(
        containers.map((name) => [
          `k:{"name":"${name}"}`,
          { '.': {}, 'f:env': { '.': {}, ...env }, 'f:image': {}, 'f:name': {} },
        ]),
      ),
      'f:restartPolicy': {},
      'f:terminationGracePeriodSeconds': {},
    },
  };
}
