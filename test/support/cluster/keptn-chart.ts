import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import { agedKinds, keptnCrd } from '../builders/keptn-ages.ts';
import type { Resource } from '../../../src/api/resource.ts';
import type { Manifest } from './test-cluster.ts';

/** Where the Keptn of tests runs. */
export const keptnNamespace = 'keptn-system';

/** How the API server reaches the stand-in for Keptn's operators. */
export interface StandInAddress {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

/** Writes a chart with what Keptn's own brings along, as small as it can be: names, labels and wiring are Keptn's. */
export async function writeKeptnChart(directory: string, address: StandInAddress): Promise<string> {
  const chart = join(directory, 'keptn');
  await mkdir(join(chart, 'templates'), { recursive: true });
  await writeFile(
    join(chart, 'Chart.yaml'),
    stringify({ apiVersion: 'v2', name: 'keptn', version: '0.11.0', appVersion: 'v2.5.0' }),
  );
  const objects = [...keptnCrds(address), ...keptnObjects(address)];
  const text = objects
    .map((object) => stringify(object, { aliasDuplicateObjects: false }))
    .join('---\n');
  await writeFile(join(chart, 'templates', 'all.yaml'), text);
  return chart;
}

/** All CRDs of the newest Keptn, and one of a kind that Sluice does not have. */
function keptnCrds({ url, ca }: StandInAddress): readonly Manifest[] {
  const converter = { url: `${url}/convert`, caBundle: Buffer.from(ca).toString('base64') };
  const crds = agedKinds.flatMap((kind) => keptnCrd('v1', kind, converter) ?? []);
  const further = [
    openCrd(KeptnConfig),
    openCrd({ group: 'metrics.keptn.sh', kind: 'Analysis', plural: 'analyses' }, 'v1'),
  ];
  return [...crds, ...further].map((crd) => {
    // Helm says whose they are itself.
    const { annotations: _, ...metadata } = crd.metadata;
    const labels = { 'app.kubernetes.io/part-of': 'keptn', 'keptn.sh/inject-cert': 'true' };
    return { ...crd, metadata: { ...metadata, labels } };
  });
}

function openCrd(
  { group, kind, plural }: Pick<Resource, 'group' | 'kind' | 'plural'>,
  version = 'v1alpha1',
): Manifest {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };
}

const labels = { 'app.kubernetes.io/part-of': 'keptn', 'keptn.sh/inject-cert': 'true' };

function operator(name: string): Manifest {
  const selector = { 'control-plane': name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { ...labels, ...selector, 'app.kubernetes.io/version': 'v2.0.0' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: selector },
        spec: {
          tolerations: [{ key: 'dedicated', operator: 'Exists' }],
          containers: [{ name: 'manager', image: `ghcr.io/keptn/${name}:v2.0.0` }],
        },
      },
    },
  };
}

function service(name: string, of: string, port: number): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { 'control-plane': of }, ports: [{ name: 'https', port, targetPort: 9443 }] },
  };
}

function keptnObjects({ url, ca }: StandInAddress): readonly Manifest[] {
  const caBundle = Buffer.from(ca).toString('base64');
  const hook = (name: string, path: string, rules: object) => ({
    name,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    clientConfig: { url: `${url}${path}`, caBundle },
    rules: [rules],
  });
  const rule = (group: string, resource: string, operations: readonly string[]) => ({
    apiGroups: [group],
    apiVersions: ['v1'],
    resources: [resource],
    operations,
  });
  const configuration = (kind: string, name: string, webhooks: readonly object[]) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name, labels },
    webhooks,
  });
  const outside = ['kube-system', 'kube-public', 'kube-node-lease', keptnNamespace];
  const notIn = (values: readonly string[]) => ({
    key: 'kubernetes.io/metadata.name',
    operator: 'NotIn',
    values,
  });
  return [
    ...['certificate-operator', 'metrics-operator', 'lifecycle-operator'].map(operator),
    service('lifecycle-webhook-service', 'lifecycle-operator', 443),
    service('lifecycle-operator-metrics-service', 'lifecycle-operator', 2222),
    service('metrics-operator-service', 'metrics-operator', 443),
    configuration('MutatingWebhookConfiguration', 'lifecycle-mutating-webhook-configuration', [
      {
        ...hook('mpod.keptn.sh', '/mutate-v1-pod', rule('', 'pods', ['CREATE', 'UPDATE'])),
        namespaceSelector: {
          matchExpressions: [notIn(['cert-manager', 'monitoring']), notIn(outside)],
        },
      },
    ]),
    configuration('ValidatingWebhookConfiguration', 'lifecycle-validating-webhook-configuration', [
      hook(
        'vkeptntaskdefinition.kb.io',
        '/validate',
        rule('lifecycle.keptn.sh', 'keptntaskdefinitions', ['CREATE', 'UPDATE']),
      ),
    ]),
    configuration('ValidatingWebhookConfiguration', 'metrics-validating-webhook-configuration', [
      {
        ...hook(
          'vkeptnmetric.kb.io',
          '/validate',
          rule('metrics.keptn.sh', 'keptnmetrics', ['CREATE', 'UPDATE']),
        ),
        clientConfig: {
          service: {
            name: 'metrics-webhook-service',
            namespace: keptnNamespace,
            path: '/validate',
          },
        },
        failurePolicy: 'Ignore',
      },
    ]),
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta2.custom.metrics.k8s.io' },
      spec: {
        group: 'custom.metrics.k8s.io',
        version: 'v1beta2',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'metrics-operator-service', namespace: keptnNamespace },
      },
    },
  ];
}
