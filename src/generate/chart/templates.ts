import { webhookServiceName } from '../../admission/manifests.ts';
import { webhooks } from '../../admission/registry.ts';
import { isEqualJson, isJsonObject } from '../../api/json.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { gateTrialRights } from '../../install/gate-trial-rights.ts';
import { type InstallationPart, objectsOfPart } from '../../install/installation.ts';
import { uninstallRights } from '../../install/uninstall-rights.ts';
import { prometheusRule } from '../alert-rules.ts';
import {
  including,
  outputOf,
  releaseNamespace,
  templateOf,
  type TemplateOptions,
} from './helm-text.ts';

/** A file of the chart below `templates`. */
interface Template {
  readonly file: string;
  readonly content: string;
}

const requesterPolicy = /^requester-rights\./u;
const unlessUninstalling = 'not .Values.uninstall.now';
/** The value that chooses between the two ways to live through a time without a replica (docs/high-availability.md). */
const backstop = '(include "sluice.backstop" .)';
const gatesByPolicy = 'eq .Values.webhook.mode "admissionPolicy"';

/** The templates of all that the API server has to know of Sluice: what `sluice install` makes, with the values of the chart. */
export function chartTemplates(): readonly Template[] {
  const policies = byBackstop('policy');
  const gatePolicies = objectsOf('policy', 'gated').filter(({ kind }) =>
    kind.startsWith('Mutating'),
  );
  const rights = byBackstop('rights');
  const crds = byBackstop('crds');
  const isRequesters = ({ metadata }: KubernetesObject) => requesterPolicy.test(metadata.name);
  const webhookOptions = { source: 'src/admission/registry.ts', wave: '1' } as const;
  const policy = { source: 'src/admission/policies', wave: '1' } as const;
  return [
    template('crds', crds.always.map(withCaBundle), {
      source: 'src/api/keptn',
      wave: '-2',
      when: '.Values.crds.install',
      injected: true,
      kept: true,
    }),
    template('crds-backstop', crds.with, {
      source: 'src/api/released-versions.ts',
      wave: '-2',
      when: `and .Values.crds.install ${backstop}`,
      kept: true,
    }),
    template(
      'rights',
      rights.always.filter(({ kind }) => kind !== 'Namespace'),
      rightsOptions,
    ),
    template('rights-plain', rights.without, { ...rightsOptions, when: `not ${backstop}` }),
    template('rights-backstop', rights.with, { ...rightsOptions, when: backstop }),
    template('conversion', objectsOf('conversion'), {
      source: 'src/admission/conversion-manifests.ts',
      wave: '-1',
    }),
    template(
      'service',
      objectsOf('deployment').filter(({ kind }) => kind === 'Service'),
      { source: 'src/install/workload.ts', wave: '-1' },
    ),
    template('uninstall-rights', uninstallRights(releaseNamespace), {
      source: 'src/install/uninstall-rights.ts',
      wave: '2',
      when: 'or .Values.uninstall.hook .Values.uninstall.now',
      hook: 'post-delete',
    }),
    template('prometheusrule', [prometheusRule(releaseNamespace)], {
      source: 'src/generate/alert-rules.ts',
      wave: '0',
      when: `and .Values.prometheusRule.enabled (${unlessUninstalling})`,
      moreLabels: '.Values.prometheusRule.labels',
    }),
    template('tests/rights', gateTrialRights(releaseNamespace), {
      source: 'src/install/gate-trial-rights.ts',
      wave: '3',
      when: `and .Values.tests.enabled (${unlessUninstalling})`,
      hook: 'test',
    }),
    template('webhooks', objectsOf('webhooks').map(withValues), {
      ...webhookOptions,
      when: unlessUninstalling,
      injected: true,
    }),
    template('policies', policies.always.filter((one) => !isRequesters(one)).map(withNamespaces), {
      ...policy,
      when: unlessUninstalling,
    }),
    template('policies-backstop', policies.with.map(withNamespaces), {
      ...policy,
      when: `and ${backstop} (${unlessUninstalling})`,
    }),
    template('policy-gate', gatePolicies.map(withNamespaces), {
      ...policy,
      when: `and (${gatesByPolicy}) (${unlessUninstalling})`,
    }),
    template('policy-requester', policies.always.filter(isRequesters).map(withNamespaces), {
      ...policy,
      when: `and .Values.requesterChecks (${unlessUninstalling})`,
    }),
  ];
}

const rightsOptions = { source: 'src/install/rbac.ts', wave: '-1' } as const;

/** The objects of a part that are the same with and without the backstop, and those that only one of the two has like this. */
function byBackstop(part: InstallationPart) {
  const [without, given] = [objectsOf(part), objectsOf(part, 'backstopped')];
  const isIn = (objects: readonly KubernetesObject[]) => (object: KubernetesObject) =>
    objects.some((other) => isEqualJson(other, object));
  return {
    always: without.filter(isIn(given)),
    without: without.filter((object) => !isIn(given)(object)),
    with: given.filter((object) => !isIn(without)(object)),
  };
}

function objectsOf(
  part: InstallationPart,
  how: 'plain' | 'backstopped' | 'gated' = 'plain',
): readonly KubernetesObject[] {
  const namespace = releaseNamespace;
  const target = { service: { name: webhookServiceName, namespace } };
  const certificateSecret = outputOf('sluice.certificateSecret');
  return objectsOfPart(part, {
    namespace,
    target,
    certificateSecret,
    backstop: how !== 'plain',
    webhookMode: how === 'gated' ? 'admissionPolicy' : 'webhook',
  }).map(({ object }) => object);
}

function template(
  name: string,
  objects: readonly KubernetesObject[],
  options: TemplateOptions,
): Template {
  return { file: `${name}.yaml`, content: templateOf(objects, options) };
}

/** What the values decide in a webhook configuration. */
function withValues(object: KubernetesObject): KubernetesObject {
  return withFailurePolicy(withNamespaces(withCaBundle(object)));
}

const withCaBundle = changed((key, value) =>
  key === 'clientConfig' && isJsonObject(value)
    ? { ...value, ...including('sluice.caBundle') }
    : undefined,
);

/** The selector by names of Namespaces, wherever it stands. */
const withNamespaces = changed((_, value) =>
  isJsonObject(value) && value['key'] === 'kubernetes.io/metadata.name'
    ? including('sluice.namespaces')
    : undefined,
);

/** Names of the webhooks that are passed over while no replica answers, where there is a backstop. */
const yieldsToBackstop: ReadonlySet<string> = new Set(
  webhooks({ operatorNamespace: releaseNamespace, backstop: true }).flatMap(
    ({ name, failurePolicy }) => (failurePolicy === 'Ignore' ? [name] : []),
  ),
);

const withFailurePolicy = changed((_, value) => {
  if (!isJsonObject(value) || value['failurePolicy'] !== 'Fail') return undefined;
  const isOnPods = JSON.stringify(value['rules']).includes('"pods"');
  if (!isOnPods) return undefined;
  // The webhooks of Namespaces whose opt-in was withdrawn are asked with the backstop, too.
  const policy = yieldsToBackstop.has(String(value['name']))
    ? 'sluice.failurePolicy'
    : 'sluice.ownFailurePolicy';
  return { ...value, failurePolicy: outputOf(policy) };
});

/** What changes an object wherever `change` answers something for a key (of a list: its index) and the value there. */
function changed(
  change: (key: string, value: unknown) => unknown,
): (object: KubernetesObject) => KubernetesObject {
  return (object) => {
    const copy: KubernetesObject = JSON.parse(
      JSON.stringify(object, (key, value: unknown) => change(key, value) ?? value),
    );
    return copy;
  };
}
