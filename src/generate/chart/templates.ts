import { webhookServiceName } from '../../admission/manifests.ts';
import { isJsonObject } from '../../api/json.ts';
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

/** The templates of all that the API server has to know of Sluice: what `sluice install` makes, with the values of the chart. */
export function chartTemplates(): readonly Template[] {
  const policies = objectsOf('policy');
  const isRequesters = ({ metadata }: KubernetesObject) => requesterPolicy.test(metadata.name);
  const webhooks = { source: 'src/admission/registry.ts', wave: '1' } as const;
  const policy = { source: 'src/admission/policies', wave: '1' } as const;
  return [
    template('crds', objectsOf('crds').map(withCaBundle), {
      source: 'src/api/keptn',
      wave: '-2',
      when: '.Values.crds.install',
      injected: true,
      kept: true,
    }),
    template(
      'rights',
      objectsOf('rights').filter(({ kind }) => kind !== 'Namespace'),
      { source: 'src/install/rbac.ts', wave: '-1' },
    ),
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
      ...webhooks,
      when: unlessUninstalling,
      injected: true,
    }),
    template('policies', policies.filter((one) => !isRequesters(one)).map(withNamespaces), {
      ...policy,
      when: unlessUninstalling,
    }),
    template('policy-requester', policies.filter(isRequesters).map(withNamespaces), {
      ...policy,
      when: `and .Values.requesterChecks (${unlessUninstalling})`,
    }),
  ];
}

function objectsOf(part: InstallationPart): readonly KubernetesObject[] {
  const namespace = releaseNamespace;
  const target = { service: { name: webhookServiceName, namespace } };
  const certificateSecret = outputOf('sluice.certificateSecret');
  return objectsOfPart(part, { namespace, target, certificateSecret }).map(({ object }) => object);
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

const withFailurePolicy = changed((_, value) => {
  if (!isJsonObject(value) || value['failurePolicy'] !== 'Fail') return undefined;
  const isOnPods = JSON.stringify(value['rules']).includes('"pods"');
  return isOnPods ? { ...value, failurePolicy: outputOf('sluice.failurePolicy') } : undefined;
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
