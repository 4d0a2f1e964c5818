import { describe, expect, test } from 'vitest';
import { optInPolicy, webhookConfigurations } from '../../src/admission/manifests.ts';
import { webhooks } from '../../src/admission/registry.ts';

const operatorNamespace = 'keptn-system';
const service = { name: 'lifecycle-webhook-service', namespace: operatorNamespace };
const configurations = webhookConfigurations({ operatorNamespace, target: { service } });
const entries = configurations.flatMap((configuration) => configuration.webhooks);

describe('the webhook configurations', () => {
  test('are Keptn’s by name', () => {
    expect(configurations.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ['MutatingWebhookConfiguration', 'lifecycle-mutating-webhook-configuration'],
      ['ValidatingWebhookConfiguration', 'lifecycle-validating-webhook-configuration'],
    ]);
  });

  test('hold every webhook of the table once', () => {
    const names = webhooks({ operatorNamespace }).map(({ name }) => name);
    expect(entries.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(new Set(names).size).toBe(names.length);
  });

  test('promise no side effects, a short time-out and one review version', () => {
    for (const entry of entries) {
      expect(entry).toMatchObject({
        sideEffects: 'None',
        timeoutSeconds: 3,
        matchPolicy: 'Equivalent',
        admissionReviewVersions: ['v1'],
      });
    }
  });

  test('let in everything but Pods and, as with Keptn, task definitions while nobody answers', () => {
    const stopped = entries.filter(({ failurePolicy }) => failurePolicy !== 'Ignore');
    expect(stopped.map(({ name }) => name)).toEqual([
      'mpod.keptn.sh',
      'vkeptntaskdefinition.kb.io',
    ]);
  });

  test('ask about Pods when they are created, in enabled Namespaces only, and never about the own ones (B6)', () => {
    const pods = entries.find(({ name }) => name === 'mpod.keptn.sh');
    expect(pods).toMatchObject({
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
      ],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      namespaceSelector: {
        matchExpressions: [
          { key: 'sluice.keptn.sh/enabled', operator: 'In', values: ['true'] },
          { operator: 'NotIn', values: expect.arrayContaining(['kube-system', operatorNamespace]) },
        ],
      },
    });
  });

  test('point to a service, or to an address with the CA that vouches for it', () => {
    expect(entries[0]?.clientConfig).toEqual({
      service: { ...service, port: 443, path: '/mutate-v1-pod' },
    });
    const local = webhookConfigurations({
      operatorNamespace,
      target: { url: 'https://127.0.0.1:9443' },
      caBundle: 'PEM',
    });
    expect(local[0]?.webhooks[0]?.clientConfig).toEqual({
      url: 'https://127.0.0.1:9443/mutate-v1-pod',
      caBundle: 'UEVN',
    });
  });
});

describe('the opt-in policy', () => {
  test('is bound to deny', () => {
    const [policy, binding] = optInPolicy({ operatorNamespace });
    expect(binding?.spec).toEqual({
      policyName: policy?.metadata.name,
      validationActions: ['Deny'],
    });
  });
});
