import type { Kind, KubernetesObject } from './object.ts';

/**
 * What may start in a Namespace while no Sluice answers. An entry is the name of a KeptnWorkload, a slash and a version
 * (`version/…`), a revision (`revision/…`), or an owner whose annotations its Pods do not repeat (`owner/…`).
 */
export interface ReleasedVersions extends KubernetesObject {
  spec: { entries: Record<string, boolean> };
}

const sluiceGroup = 'sluice.keptn.sh';

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
                      maxProperties: 10_000,
                      additionalProperties: { type: 'boolean' },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
}
