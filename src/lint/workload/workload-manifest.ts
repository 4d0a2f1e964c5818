import {
  type Container,
  DaemonSetKind,
  DeploymentKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject, ObjectMeta } from '../../api/object.ts';
import { type Parsed, parserOf } from '../../api/parse.ts';
import {
  int32,
  intOrString,
  list,
  object,
  openObject,
  optional,
  stringMap,
  text,
} from '../../api/schema.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import { identityOfWorkload } from '../../domain/identity/next-pod-identity.ts';
import type { RuleContext } from '../base/rule.ts';

/** The Pod template of a workload, whole as it was applied. */
export interface TemplateManifest {
  readonly metadata?: {
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: { readonly containers?: readonly Container[]; readonly nodeName?: string };
}

/** A Deployment, StatefulSet, DaemonSet or Rollout as people write it, typed as far as rules read it. */
export interface WorkloadManifest extends KubernetesObject {
  readonly spec: {
    /** A Rollout may leave it out and name a Deployment. */
    readonly template?: TemplateManifest;
    readonly progressDeadlineSeconds?: number;
    readonly replicas?: number;
    /** Of a Deployment or a Rollout; a Rollout has other fields in it. */
    readonly strategy?: UpdateStrategy;
    /** Of a StatefulSet or a DaemonSet. */
    readonly updateStrategy?: UpdateStrategy;
  };
}

/** How Pods of a new revision take the place of old ones, as far as rules read it. */
export interface UpdateStrategy {
  readonly type?: string;
  readonly rollingUpdate?: {
    readonly maxUnavailable?: number | string;
    readonly maxSurge?: number | string;
  };
}

/** What rules on workloads may know beside the manifest. */
export interface WorkloadContext extends RuleContext {
  /** The version that the manifest names has been released with another Pod template. */
  readonly isReleasedOtherwise?: boolean;
  /** The version that the manifest names, if it has failed its checks and its Pods are held. */
  readonly failedVersion?: KeptnWorkloadVersion | undefined;
}

const manifestKind = ({ apiVersion, kind, plural }: Kind): Kind<WorkloadManifest> => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
});

/** The kinds of what people apply and Sluice gates the Pods of. */
export const workloadKinds: readonly Kind<WorkloadManifest>[] = [
  DeploymentKind,
  StatefulSetKind,
  DaemonSetKind,
  RolloutKind,
].map(manifestKind);

const labelsAndAnnotations = {
  labels: optional(stringMap('')),
  annotations: optional(stringMap('')),
};

const container = openObject('', {
  name: text(''),
  image: optional(text('')),
  env: optional(list('', openObject('', { name: text(''), value: optional(text('')) }))),
});

const updateStrategy = openObject('', {
  type: optional(text('')),
  rollingUpdate: optional(
    openObject('', {
      maxUnavailable: optional(intOrString('')),
      maxSurge: optional(intOrString('')),
    }),
  ),
});

const shape = object('', {
  apiVersion: text(''),
  kind: text(''),
  metadata: object('', {
    name: optional(text('')),
    namespace: optional(text('')),
    uid: optional(text('')),
    deletionTimestamp: optional(text('')),
    ...labelsAndAnnotations,
  }),
  spec: object('', {
    template: optional(
      object('', {
        metadata: optional(object('', labelsAndAnnotations)),
        spec: optional(
          object('', { containers: optional(list('', container)), nodeName: optional(text('')) }),
        ),
      }),
    ),
    progressDeadlineSeconds: optional(int32('')),
    replicas: optional(int32('')),
    strategy: optional(updateStrategy),
    updateStrategy: optional(updateStrategy),
  }),
});

const parseShape = parserOf(shape);

/**
 * A workload out of JSON, judged as far as rules read it: the rest is the API server's business. One that gets its name only
 * now has none.
 */
export function parseWorkload(raw: unknown): Parsed<WorkloadManifest> {
  const parsed = parseShape(raw);
  if (!parsed.ok) return parsed;
  const { metadata } = parsed.value;
  return {
    ok: true,
    value: { ...parsed.value, metadata: { ...metadata, name: metadata.name ?? '' } },
  };
}

/** The identity that the Pods of the workload will have; undefined where the template is not in the manifest. */
export function identityOfManifest(
  { metadata, spec }: WorkloadManifest,
  { settings: { versionFromImageTag } }: Pick<RuleContext, 'settings'>,
): Identity | undefined {
  const { template } = spec;
  if (template === undefined) return undefined;
  const { labels, annotations } = template.metadata ?? {};
  return identityOfWorkload(
    {
      metadata,
      template: {
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        containers: [...(template.spec?.containers ?? [])],
        digest: '',
      },
    },
    { versionFromImageTag },
  );
}

/** One of the two places where a workload is annotated. */
export interface Place {
  readonly of: 'object' | 'template';
  /** How field paths of it begin. */
  readonly path: string;
  readonly metadata: Pick<ObjectMeta, 'labels' | 'annotations'>;
}

/** The two places where a workload is annotated, the one that Keptn reads first first. */
function placesOf({ metadata, spec }: WorkloadManifest): readonly [Place, Place] {
  return [
    { of: 'template', path: 'spec.template.metadata', metadata: spec.template?.metadata ?? {} },
    { of: 'object', path: 'metadata', metadata },
  ];
}

/** One label or annotation with what it is set to. */
export interface Entry {
  readonly place: Place;
  readonly field: 'annotations' | 'labels';
  readonly key: string;
  readonly value: string;
  /** As the API server writes it: `metadata.annotations[keptn.sh/app]`. */
  readonly path: string;
}

/** All labels and annotations of a workload and its Pod template that are set to something. */
export function entriesOf(workload: WorkloadManifest): readonly Entry[] {
  return placesOf(workload).flatMap((place) =>
    (['annotations', 'labels'] as const).flatMap((field) =>
      Object.entries(place.metadata[field] ?? {})
        .filter(([, value]) => value !== '')
        .map(([key, value]) => ({
          place,
          field,
          key,
          value,
          path: `${place.path}.${field}[${key}]`,
        })),
    ),
  );
}
