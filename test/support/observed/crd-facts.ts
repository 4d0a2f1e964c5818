/**
 * A CustomResourceDefinition as a set of lines, one fact each, that two definitions can be compared by: names, columns, and
 * for every field its type and whatever changes what the API server accepts or fills in. Descriptions are no facts.
 */

/** The part of a CustomResourceDefinition that facts are read from. */
export interface ReadableCrd {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly singular?: string;
      readonly listKind?: string;
      readonly shortNames?: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly storage: boolean;
      readonly subresources?: { readonly status?: unknown };
      readonly additionalPrinterColumns?: readonly {
        readonly name: string;
        readonly jsonPath: string;
        readonly type: string;
        readonly priority?: number;
      }[];
      readonly schema: { readonly openAPIV3Schema: JsonSchema };
    }[];
  };
}

/** A structural schema, as far as facts are read from it. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

const factualKeywords = [
  'format',
  'default',
  'enum',
  'pattern',
  'maximum',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
];

/** The facts of the stored version. */
export function factsOf(crd: ReadableCrd): string[] {
  const { group, scope, names, versions } = crd.spec;
  const stored = versions.find((version) => version.storage);
  if (stored === undefined) return [];
  const { spec, status } = stored.schema.openAPIV3Schema.properties ?? {};
  return [
    `name ${names.plural}.${group} ${names.singular} ${names.listKind} ${scope}`,
    `stored ${stored.name}`,
    ...(names.shortNames ?? []).map((name) => `short name ${name}`),
    ...(stored.subresources?.status === undefined ? [] : ['subresource status']),
    ...(stored.additionalPrinterColumns ?? []).map(
      ({ name, jsonPath, type, priority = 0 }) => `column ${name} ${jsonPath} ${type} ${priority}`,
    ),
    ...(spec === undefined ? [] : fieldFacts('.spec', spec, false)),
    ...(status === undefined ? [] : fieldFacts('.status', status, false)),
  ];
}

function fieldFacts(path: string, schema: JsonSchema, required: boolean): string[] {
  const type = schema['x-kubernetes-int-or-string'] === true ? 'int-or-string' : schema.type;
  const keywords = factualKeywords
    .filter((keyword) => schema[keyword] !== undefined)
    .map((keyword) => `${keyword}=${JSON.stringify(schema[keyword])}`);
  return [
    ['field', path, type, ...(required ? ['required'] : []), ...keywords].join(' '),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      fieldFacts(`${path}.${name}`, property, schema.required?.includes(name) ?? false),
    ),
    ...(schema.items === undefined ? [] : fieldFacts(`${path}[]`, schema.items, false)),
    ...(typeof schema.additionalProperties === 'object'
      ? fieldFacts(`${path}{}`, schema.additionalProperties, false)
      : []),
  ];
}
