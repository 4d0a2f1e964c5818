import { fieldOf, type JsonObject } from '../../api/json.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { isCompleted, stateOf } from '../../api/keptn/states.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { configToCopy } from './carried-config.ts';
import { asItWas, carriedFrom, chartValues, type DeadKey, mostReplicas } from './carried.ts';
import type { FoundKeptn, FoundKind, FoundRelease } from './found-keptn.ts';
import { isOurRevision } from './helm-release.ts';
import { placeOf, replicasOf, takenConfigurations } from './keptn-parts.ts';
import { managersOf } from './managers.ts';
import { mostRestored } from './operators.ts';
import type { MigrationRecord } from './record.ts';

/** One thing of a Keptn, and what becomes of it. */
export interface Found {
  /** `Deployment keptn-system/lifecycle-operator` */
  readonly what: string;
  readonly becomes: string;
}

/** What of a Keptn is in a cluster, and how Sluice takes its place. */
export interface MigrationReport {
  /** Where Sluice is to run. */
  readonly namespace: string;
  readonly operators: readonly Found[];
  /** What has the name of an operator of Keptn and is none. */
  readonly ignored: readonly Found[];
  readonly webhooks: readonly Found[];
  readonly apiServices: readonly Found[];
  readonly kinds: readonly Found[];
  readonly inFlight: readonly Found[];
  readonly configs: readonly Found[];
  readonly releases: readonly Found[];
  /** What goes by something of Keptn's that Sluice does not have. */
  readonly others: readonly Found[];
  /** Values for Sluice's chart that say what Keptn's said. */
  readonly values: JsonObject;
  /** Keys of Keptn's values that do nothing for Sluice. */
  readonly withoutMeaning: readonly DeadKey[];
  /** What would undo the take-over; it is to be stopped first. */
  readonly obstacles: readonly string[];
}

/** The report on what was found, for a Sluice in this namespace, with the record of a migration that has begun. Nothing in it is made up: what is not there is not in it. */
export function migrationReport(
  found: FoundKeptn,
  {
    namespace,
    record,
  }: { readonly namespace: string; readonly record?: MigrationRecord | undefined },
): MigrationReport {
  const before = asItWas(found, record);
  const { values, without } = chartValues(before, carriedFrom(before, namespace));
  return {
    namespace,
    operators: found.deployments.map(operatorFound),
    ignored: found.ignored.map(ignoredFound),
    webhooks: found.webhookConfigurations.map((one) => ({
      what: `${one.kind} ${one.metadata.name}`,
      becomes: takenConfigurations.includes(one.metadata.name)
        ? 'is taken over under its name, in one write'
        : 'is recorded and removed: the Service it leads to stops with its operator, and every write that it judges would fail',
    })),
    apiServices: found.apiServices.map((one) => ({
      what: `APIService ${one.metadata.name}`,
      becomes:
        'is recorded and removed: without its Service, discovery of the whole cluster is slow and incomplete, and no Namespace can be deleted',
    })),
    kinds: [
      ...found.kinds.map(kindFound),
      ...[...found.unknownKinds].map(([kind, count]) => ({
        what: `${kind}: ${count}`,
        becomes:
          count === 0
            ? 'nothing to do'
            : 'stay as they are, and nothing acts on them: Sluice does not have this kind yet',
      })),
    ],
    inFlight: found.kinds.flatMap(versionsInFlight),
    configs: configsFound(found, namespace),
    releases: found.releases.map(releaseFound),
    others: found.autoscalers.map((one) => ({
      what: `HorizontalPodAutoscaler ${placeOf(one)}`,
      becomes:
        'stays at its last size: it goes by a KeptnMetric, and Sluice serves no custom metrics API; have it go by an adapter of your Prometheus',
    })),
    values,
    withoutMeaning: without,
    obstacles: managersOf(found),
  };
}

/** What becomes of a look-alike, for a report. */
export function ignoredFound(deployment: KubernetesObject): Found {
  return {
    what: `Deployment ${placeOf(deployment)}`,
    becomes:
      'is ignored and left as it is: it has the name of an operator of Keptn, and no webhook, APIService or CRD of Keptn leads to its namespace',
  };
}

function operatorFound(deployment: KubernetesObject): Found {
  const { wanted } = replicasOf(deployment);
  const isMore = deployment.metadata.name === 'lifecycle-operator' && wanted > mostReplicas;
  const most = isMore
    ? `; Sluice gets ${mostReplicas} replicas, the most that are carried over`
    : '';
  const restored =
    wanted > mostRestored ? `; --back restores ${mostRestored}, the most that it does` : '';
  return {
    what: `Deployment ${placeOf(deployment)}${versionOf(deployment)}`,
    becomes:
      wanted === 0
        ? 'is stopped already'
        : `is scaled from ${wanted} to 0, which is recorded on it, once Sluice answers in its place${most}${restored}`,
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

function configsFound({ kinds, deployments }: FoundKeptn, namespace: string): readonly Found[] {
  const configs = kinds.find(({ resource }) => resource === KeptnConfig)?.objects ?? [];
  const copied = configToCopy(configs, { namespace, deployments });
  return configs.map((config) => {
    const what = `KeptnConfig ${placeOf(config)}`;
    if (config.metadata.namespace === namespace) return { what, becomes: 'rules as it is' };
    return {
      what,
      becomes:
        config === copied
          ? `is copied to ${namespace}, where it rules`
          : `does not rule: only one in ${namespace} does`,
    };
  });
}

function releaseFound({ release, newest, unreadable }: FoundRelease): Found {
  const name = `${release.namespace}/${release.name}`;
  if (unreadable !== undefined) {
    return {
      what: `Helm release ${name}`,
      becomes: `cannot be read (${unreadable}), so a "helm uninstall" of it would still delete the CRDs and with them every object`,
    };
  }
  if (newest === undefined) {
    return {
      what: `Helm release ${name}`,
      becomes:
        'has no Secret: Helm stores it elsewhere or not at all. Never run "helm uninstall" on it: it would delete the CRDs and with them every object',
    };
  }
  return {
    what: `Helm release ${name}, revision ${newest.number}`,
    becomes: isOurRevision(newest)
      ? 'goes on without CRDs and webhooks already; "helm uninstall" takes the rest of Keptn away and no object'
      : 'gets one more revision without the CRDs and whatever else Sluice takes over, so that a "helm uninstall" of it takes the rest of Keptn away and no object',
  };
}

function versionOf({ metadata: { labels = {} } }: KubernetesObject): string {
  const version = labels['app.kubernetes.io/version'];
  return version === undefined ? '' : ` ${version}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
