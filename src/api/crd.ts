import { isJsonObject } from './json.ts';
import {
  needsConverter,
  type PrinterColumn,
  type Resource,
  type ResourceVersion,
} from './resource.ts';

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
    versions: readonly CrdVersion[];
    conversion:
      | { strategy: 'None' }
      | {
          strategy: 'Webhook';
          webhook: { clientConfig: ConverterConfig; conversionReviewVersions: readonly string[] };
        };
  };
}

/** How the API server reaches who converts (WebhookClientConfig). */
export interface ConverterConfig {
  readonly service?: {
    readonly name: string;
    readonly namespace: string;
    readonly port?: number;
    readonly path?: string;
  };
  readonly url?: string;
  /** PEM in base64. */
  readonly caBundle?: string;
}

interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: true;
  deprecationWarning?: string;
  subresources: { status: Record<string, never> };
  additionalPrinterColumns: readonly Required<Pick<PrinterColumn, 'name' | 'type' | 'jsonPath'>>[];
  schema: { openAPIV3Schema: Record<string, unknown> };
}

/**
 * The CustomResourceDefinition of a kind. Where its versions differ and no Sluice converts, only the stored one is served: the
 * API server alone would drop what one version has and another lacks, and a client that reads and writes an object would lose it.
 * Where all versions have the same fields, the API server converts by itself.
 */
export function crdOf(resource: Resource, converter?: ConverterConfig): CustomResourceDefinition {
  const { group, kind, listKind, plural, singular, shortNames, categories } = resource;
  const isConverted = needsConverter(resource);
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
        served: index === 0 || !isConverted || converter !== undefined,
        storage: index === 0,
        ...(version.deprecationWarning !== undefined && {
          deprecated: true as const,
          deprecationWarning: version.deprecationWarning,
        }),
        subresources: { status: {} },
        additionalPrinterColumns: columnsOf(resource, version),
        schema: { openAPIV3Schema: rootSchema(resource, version) },
      })),
      conversion:
        converter === undefined || !isConverted
          ? { strategy: 'None' }
          : {
              strategy: 'Webhook',
              webhook: { clientConfig: converter, conversionReviewVersions: ['v1'] },
            },
    },
  };
}

function columnsOf(
  resource: Resource,
  version: ResourceVersion,
): CrdVersion['additionalPrinterColumns'] {
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
  const [stored] = resource.versions;
  const isAlike = version !== stored && version.spec === stored.spec;
  const spec = isAlike ? withoutDescriptions(version.spec) : version.spec;
  const status =
    isAlike && version.status === stored.status
      ? withoutDescriptions(version.status)
      : version.status;
  return {
    type: 'object',
    description: isAlike
      ? `${resource.description} The fields are those of ${stored.name}, where they are explained.`
      : resource.description,
    ...(version.specMayBeAbsent === true ? {} : { required: ['spec'] }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: boundedTexts(version.specMayBeAbsent === true ? withDefault(spec) : spec),
      status,
    },
  };
}

/**
 * The longest text of a spec that does not say it, in characters: the longest argument or variable that Linux hands to a
 * program. Code, which comes in a file, has a bound of its own.
 */
const longestText = 131_072;

/**
 * The schema with a bound for every text. What was stored before may stay longer: the API server judges only what a write changes
 * (CRD validation ratcheting, on by default since Kubernetes 1.30), and of a write of the status only the status.
 */
function boundedTexts(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(boundedTexts);
  if (!isJsonObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    // The type of a structural schema stands outside of its alternatives, and so does its bound.
    key === 'anyOf' ? value : boundedTexts(value),
  ]);
  const isText = schema['type'] === 'string' || schema['x-kubernetes-int-or-string'] === true;
  const isOpen = schema['maxLength'] === undefined && schema['enum'] === undefined;
  return Object.fromEntries(isText && isOpen ? [...entries, ['maxLength', longestText]] : entries);
}

const withDefault = (spec: unknown): unknown => ({ ...(isJsonObject(spec) && spec), default: {} });

/**
 * The schema without what explains its fields, which stands in the stored version: the API server keeps the schema of each
 * version in memory, and `kubectl apply` takes no CRD of more than 256 KiB.
 */
function withoutDescriptions(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDescriptions);
  if (!isJsonObject(schema)) return schema;
  // A field may be called description; then it is a schema.
  const kept = Object.entries(schema).filter(
    ([key, value]) => key !== 'description' || typeof value !== 'string',
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutDescriptions(value)]));
}
