import { fieldOf, isJsonObject } from '../../api/json.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { isCompleted, stateOf } from '../../api/keptn/states.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { FoundKeptn, FoundKind } from './found-keptn.ts';

/** One thing of a Keptn, and what becomes of it. */
export interface Found {
  /** `Deployment keptn-system/lifecycle-operator` */
  readonly what: string;
  readonly becomes: string;
}

/** A command that has to be given, in this order, and why. */
export interface Step {
  readonly command: string;
  readonly why: string;
}

/** What of a Keptn is in a cluster, and how Sluice takes its place. */
export interface MigrationReport {
  readonly operators: readonly Found[];
  readonly webhooks: readonly Found[];
  readonly apiServices: readonly Found[];
  readonly kinds: readonly Found[];
  readonly inFlight: readonly Found[];
  readonly configs: readonly Found[];
  readonly steps: readonly Step[];
}

/** The configurations that an installation of Sluice has under the same names. */
const taken: readonly string[] = [
  'lifecycle-mutating-webhook-configuration',
  'lifecycle-validating-webhook-configuration',
];

const services: readonly string[] = [
  'lifecycle-webhook-service',
  'metrics-webhook-service',
  'metrics-operator-service',
];

/** The report on what was found. Nothing in it is made up: what is not there is not in it. */
export function migrationReport(found: FoundKeptn): MigrationReport {
  const webhooks = found.webhookConfigurations.filter(
    (one) => leadsToKeptn(webhookServices(one)) && !isOurs(one),
  );
  const apiServices = found.apiServices.filter((one) =>
    leadsToKeptn([fieldOf(fieldOf(one, 'spec'), 'service')]),
  );
  return {
    operators: found.deployments.map((deployment) => ({
      what: `Deployment ${placeOf(deployment)}${versionOf(deployment)}`,
      becomes: 'is stopped before Sluice starts, so that no task is started by both',
    })),
    webhooks: webhooks.map((one) => ({
      what: `${one.kind} ${one.metadata.name}`,
      becomes: taken.includes(one.metadata.name)
        ? 'is taken over under its name'
        : 'has to go: the Service it leads to stops with its operator, and every write that it judges would fail',
    })),
    apiServices: apiServices.map((one) => ({
      what: `APIService ${one.metadata.name}`,
      becomes:
        'has to go: without its Service, discovery of the whole cluster is slow and incomplete',
    })),
    kinds: found.kinds.map(kindFound),
    inFlight: found.kinds.flatMap(versionsInFlight),
    configs: found.kinds
      .filter(({ resource }) => resource === KeptnConfig)
      .flatMap(({ objects }) => objects)
      .map((config) => ({
        what: `KeptnConfig ${placeOf(config)}`,
        becomes: 'is used as it is, if it is in the namespace of Sluice',
      })),
    steps: stepsOf(found, { webhooks, apiServices }),
  };
}

function kindFound({ resource, crd, count, unreadable }: FoundKind): Found {
  const stored = fieldOf(fieldOf(crd, 'status'), 'storedVersions');
  const versions = Array.isArray(stored) ? stored.join(', ') : '';
  const [{ name: storage }] = resource.versions;
  const objects = unreadable === undefined ? `${count}` : `not readable (${unreadable})`;
  const rewritten = versions === storage ? 'stay as they are' : `are rewritten as ${storage}`;
  return {
    what: `${resource.kind}: ${objects}, stored as ${versions}`,
    becomes: count === 0 && unreadable === undefined ? 'nothing to do' : rewritten,
  };
}

/** The versions of applications and workloads that are not at their end. */
function versionsInFlight({ resource, objects }: FoundKind): readonly Found[] {
  const isWorkload = resource === KeptnWorkloadVersion;
  if (!isWorkload && resource !== KeptnAppVersion) return [];
  return objects.flatMap((version) => {
    const status = fieldOf(version, 'status');
    if (isCompleted(stateOf(textOf(fieldOf(status, 'status'))))) return [];
    const phase = textOf(fieldOf(status, 'currentPhase')) ?? 'its first phase';
    const deployment = stateOf(textOf(fieldOf(status, 'deploymentStatus')));
    const isReleased =
      isWorkload && ['Succeeded', 'Warning', 'Failed'].includes(deployment)
        ? '; its Pods are on record as released by Keptn'
        : '';
    return [
      {
        what: `${version.kind} ${placeOf(version)}`,
        becomes: `goes on from ${phase}, and what has ended in it is not run again${isReleased}`,
      },
    ];
  });
}

function stepsOf(
  found: FoundKeptn,
  by: {
    readonly webhooks: readonly KubernetesObject[];
    readonly apiServices: readonly KubernetesObject[];
  },
): readonly Step[] {
  const stop = found.deployments.map(({ metadata: { name, namespace = '' } }) => ({
    command: `kubectl scale deployment ${name} -n ${namespace} --replicas=0`,
    why:
      name === 'lifecycle-operator'
        ? 'from now until the next command has ended, new Pods are refused and tried again by what makes them'
        : 'nothing of Keptn acts on the objects any more',
  }));
  const releases = new Set(found.kinds.flatMap(({ crd }) => releaseOf(crd) ?? []));
  return [
    ...stop,
    {
      command: 'sluice install --force-conflicts',
      why: 'CRDs and webhooks are taken over under their names; it says what is stored in old versions and rewrites it',
    },
    ...by.webhooks
      .filter(({ metadata }) => !taken.includes(metadata.name))
      .map(({ kind, metadata }) => ({
        command: `kubectl delete ${kind.toLowerCase()} ${metadata.name}`,
        why: 'nothing answers it any more',
      })),
    ...by.apiServices.map(({ metadata }) => ({
      command: `kubectl delete apiservice ${metadata.name}`,
      why: 'nothing answers it any more',
    })),
    ...[...releases].map((release) => ({
      command: `kubectl delete secret -n ${release.split('/')[0] ?? ''} -l owner=helm,name=${release.split('/')[1] ?? ''}`,
      why: `Helm forgets the release ${release}. A "helm uninstall" of it would delete its CRDs and with them every object: it goes by what it once installed, and not by labels or annotations of the CRDs`,
    })),
  ];
}

/** `namespace/name` of the Helm release that says it owns the object. */
function releaseOf({ metadata: { annotations = {} } }: KubernetesObject): string | undefined {
  const name = annotations['meta.helm.sh/release-name'];
  const namespace = annotations['meta.helm.sh/release-namespace'];
  return name === undefined || namespace === undefined ? undefined : `${namespace}/${name}`;
}

function webhookServices(configuration: KubernetesObject): readonly unknown[] {
  const webhooks = fieldOf(configuration, 'webhooks');
  return Array.isArray(webhooks)
    ? webhooks.map((webhook: unknown) => fieldOf(fieldOf(webhook, 'clientConfig'), 'service'))
    : [];
}

/** A Sluice has its webhooks in configurations, and behind a Service, of the names that Keptn gave them. */
function isOurs(configuration: KubernetesObject): boolean {
  const webhooks = fieldOf(configuration, 'webhooks');
  return (
    Array.isArray(webhooks) &&
    webhooks.some((webhook: unknown) =>
      textOf(fieldOf(webhook, 'name'))?.endsWith('.sluice.keptn.sh'),
    )
  );
}

function leadsToKeptn(targets: readonly unknown[]): boolean {
  return targets.filter(isJsonObject).some(({ name }) => services.includes(String(name)));
}

function placeOf({ metadata: { name, namespace } }: KubernetesObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function versionOf({ metadata: { labels = {} } }: KubernetesObject): string {
  const version = labels['app.kubernetes.io/version'];
  return version === undefined ? '' : ` ${version}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
