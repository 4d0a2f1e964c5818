import { describe, expect, test } from 'vitest';
import { webhookConfigurations } from '../../src/admission/manifests.ts';
import { policyManifests } from '../../src/admission/policies/policies.ts';
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

  test('let in everything but Pods, steering and, as with Keptn, task definitions while nobody answers', () => {
    const stopped = entries.filter(({ failurePolicy }) => failurePolicy !== 'Ignore');
    expect(stopped.map(({ name }) => name)).toEqual([
      'mpod.keptn.sh',
      'mpod-withdrawn.sluice.keptn.sh',
      'mkeptnworkloadversion.sluice.keptn.sh',
      'mkeptnappversion.sluice.keptn.sh',
      'mkeptnworkload.sluice.keptn.sh',
      'mkeptnapp.sluice.keptn.sh',
      'vpod.sluice.keptn.sh',
      'vpod-withdrawn.sluice.keptn.sh',
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
      reinvocationPolicy: 'IfNeeded',
      namespaceSelector: {
        matchExpressions: [
          { key: 'sluice.keptn.sh/enabled', operator: 'In', values: ['true'] },
          { operator: 'NotIn', values: expect.arrayContaining(['kube-system', operatorNamespace]) },
        ],
      },
    });
  });

  test('ask where the opt-in was withdrawn about Pods of workloads only, and nothing else', () => {
    const label = { key: 'sluice.keptn.sh/enabled', operator: 'In', values: ['withdrawn'] };
    const asked = entries.filter(({ namespaceSelector }) =>
      namespaceSelector?.matchExpressions.some(
        ({ key, values }) => key === label.key && values.includes('withdrawn'),
      ),
    );
    expect(asked).toMatchObject([
      {
        name: 'mpod-withdrawn.sluice.keptn.sh',
        namespaceSelector: { matchExpressions: [label, { operator: 'NotIn' }] },
        matchConditions: [{ name: 'placed-nowhere' }, { name: 'made-by-a-workload' }],
        reinvocationPolicy: 'IfNeeded',
      },
      {
        name: 'vpod-withdrawn.sluice.keptn.sh',
        namespaceSelector: { matchExpressions: [label, { operator: 'NotIn' }] },
        matchConditions: [{ name: 'not-held' }, { name: 'made-by-a-workload' }],
      },
    ]);
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

describe('the policies', () => {
  const users = ['system:serviceaccount:keptn-system:sluice'];
  const objects = policyManifests({ operatorNamespace, users, requesterChecks: true });

  const warning = 'not-opted-in.sluice.keptn.sh';

  test('are each bound to deny, and deny when they cannot be evaluated, but for one that warns', () => {
    const named = (kind: string) =>
      objects.filter(({ kind: of, metadata }) => of === kind && metadata.name !== warning);
    const policies = named('ValidatingAdmissionPolicy');
    expect(policies.length).toBeGreaterThan(0);
    expect(policies.map(({ spec }) => spec['failurePolicy'])).toEqual(policies.map(() => 'Fail'));
    expect(named('ValidatingAdmissionPolicyBinding').map(({ spec }) => spec)).toEqual(
      policies.map(({ metadata }) => ({
        policyName: metadata.name,
        validationActions: ['Deny'],
      })),
    );
  });

  test('of a Namespace that is not opted in warns, and stops nobody', () => {
    const specs = objects
      .filter(({ metadata }) => metadata.name === warning)
      .map(({ spec }) => spec);
    expect(specs).toMatchObject([
      { failurePolicy: 'Ignore' },
      { policyName: warning, validationActions: ['Warn'] },
    ]);
  });

  test('know Sluice by its user name, whatever characters it has', () => {
    const given = policyManifests({
      operatorNamespace,
      users: ["o'neil\\x"],
      requesterChecks: true,
    });
    expect(JSON.stringify(given)).toContain(
      JSON.stringify(String.raw`['o\'neil\\x']`).slice(1, -1),
    );
  });

  test('leave requesters alone where that is asked for', () => {
    const names = policyManifests({ operatorNamespace, users, requesterChecks: false }).map(
      ({ metadata }) => metadata.name,
    );
    expect(names).not.toContain('requester-rights.sluice.keptn.sh');
    expect(names).toContain('held-pods.sluice.keptn.sh');
  });
});
