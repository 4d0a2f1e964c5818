import type { PrinterColumn, Resource, ResourceVersion } from './resource.ts';
import type { TSchema } from './schema.ts';

/** CustomResourceDefinition of apiextensions.k8s.io/v1, as far as Sluice writes it. */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string; labels: Record<string, string> };
  spec: {
    group: string;
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames?: readonly string[];
      categories: readonly string[];
    };
    scope: 'Namespaced';
    versions: readonly ServedVersion[];
  };
}

interface ServedVersion {
  name: string;
  served: true;
  storage: boolean;
  subresources: { status: Record<string, never> };
  additionalPrinterColumns: readonly Required<Pick<PrinterColumn, 'name' | 'type' | 'jsonPath'>>[];
  schema: { openAPIV3Schema: Record<string, unknown> };
}

/** The CustomResourceDefinition of a kind. */
export function crdOf(resource: Resource): CustomResourceDefinition {
  const { group, kind, listKind, plural, singular, shortNames, categories } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/part-of': 'sluice' },
    },
    spec: {
      group,
      names: {
        kind,
        listKind,
        plural,
        singular,
        ...(shortNames.length > 0 ? { shortNames } : {}),
        categories,
      },
      scope: 'Namespaced',
      versions: resource.versions.map((version, index) => ({
        name: version.name,
        served: true,
        storage: index === 0,
        subresources: { status: {} },
        additionalPrinterColumns: columnsOf(resource, version),
        schema: { openAPIV3Schema: rootSchema(resource, version) },
      })),
    },
  };
}

function columnsOf(
  resource: Resource,
  version: ResourceVersion,
): ServedVersion['additionalPrinterColumns'] {
  const columns: readonly PrinterColumn[] = [
    ...(version.columns ?? []),
    {
      name: 'Reason',
      jsonPath: `.status.conditions[?(@.type=="${resource.summary}")].reason`,
    },
    { name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' },
  ];
  return columns.map((column) => ({ type: 'string', ...column }));
}

function rootSchema(resource: Resource, version: ResourceVersion): Record<string, unknown> {
  return {
    type: 'object',
    description: resource.description,
    ...(version.specMayBeAbsent === true ? {} : { required: ['spec'] }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: version.specMayBeAbsent === true ? withDefault(version.spec) : version.spec,
      status: version.status,
    },
  };
}

const withDefault = (spec: TSchema): TSchema => ({ ...spec, default: {} });
