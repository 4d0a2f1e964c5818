import { sluiceGroup } from './keptn/groups.ts';
import type { Condition, Kind, KubernetesObject } from './object.ts';

/**
 * What may start in a Namespace while no Sluice answers. An entry is the name of a KeptnWorkload, a slash and a version
 * (`version/…`), a revision (`revision/…`), or an owner whose annotations its Pods do not repeat (`owner/…`).
 */
export interface ReleasedVersions extends KubernetesObject {
  spec: { entries: Record<string, boolean> };
  /** Written together with the entries. */
  status?: {
    /** When the entries were last written (RFC 3339). */
    writtenAt?: string;
    /** How many entries found no room; not there if all did. */
    leftOut?: number;
    conditions?: Condition[];
  };
}

/** The most that a list holds, in entries and in bytes of JSON. The API server stores objects of up to 1.5 MiB. */
export const releasedVersionsBounds = { entries: 10_000, bytes: 1_000_000 } as const;

export const ReleasedVersionsKind: Kind<ReleasedVersions> = {
  apiVersion: `${sluiceGroup}/v1`,
  kind: 'ReleasedVersions',
  plural: 'releasedversions',
  namespaced: true,
};

/** The one object of the kind in a Namespace. */
export const releasedVersionsName = 'released';

/** Its CustomResourceDefinition: small, because a policy reads it for each Pod. */
export function releasedVersionsCrd(): KubernetesObject & { readonly spec: object } {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${ReleasedVersionsKind.plural}.${sluiceGroup}`,
      labels: { 'app.kubernetes.io/part-of': 'sluice' },
    },
    spec: {
      group: sluiceGroup,
      names: {
        kind: ReleasedVersionsKind.kind,
        listKind: 'ReleasedVersionsList',
        plural: ReleasedVersionsKind.plural,
        singular: ReleasedVersionsKind.plural,
      },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          additionalPrinterColumns: [
            {
              name: 'Complete',
              type: 'string',
              jsonPath: '.status.conditions[?(@.type=="Complete")].status',
            },
            { name: 'Written', type: 'date', jsonPath: '.status.writtenAt' },
          ],
          schema: {
            openAPIV3Schema: {
              description:
                'What may start in this Namespace while no Sluice answers. Sluice writes it.',
              type: 'object',
              required: ['spec'],
              properties: {
                spec: {
                  type: 'object',
                  required: ['entries'],
                  properties: {
                    entries: {
                      description:
                        'Released versions and revisions, and owners whose Pods are judged by revision alone.',
                      type: 'object',
                      maxProperties: releasedVersionsBounds.entries,
                      // One writer for the whole map: managedFields would repeat each key of it.
                      'x-kubernetes-map-type': 'atomic',
                      additionalProperties: { type: 'boolean' },
                    },
                  },
                },
                status: statusSchema,
              },
            },
          },
        },
      ],
    },
  };
}

const text = { type: 'string' } as const;

const statusSchema = {
  description: 'How the list stands. It is written together with the entries.',
  type: 'object',
  properties: {
    writtenAt: {
      description: 'When the entries were last written.',
      type: 'string',
      format: 'date-time',
    },
    leftOut: {
      description:
        'How many entries found no room. Their Pods do not start while no Sluice answers.',
      type: 'integer',
      minimum: 0,
    },
    conditions: {
      description: 'Complete: whether everything that is Released is on the list.',
      type: 'array',
      maxItems: 8,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
        properties: {
          type: text,
          status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
          reason: text,
          message: text,
          lastTransitionTime: { type: 'string', format: 'date-time' },
          observedGeneration: { type: 'integer', format: 'int64' },
        },
      },
    },
  },
} as const;
