import { defined, isJsonObject, type JsonObject } from '../json.ts';
import type { ResourceVersion, PartMapping } from '../resource.ts';
import { list, object, optional, shortText, text, type TSchema } from '../schema.ts';
import { followUpAliases, followUpLists } from './follow-up.ts';

/**
 * The versions of KeptnEvaluationDefinition before v1. In v1alpha1 and v1alpha2 an objective is a query, and one `source` is
 * asked for all of them; KEP 93's own document names none.
 */

const objective = object('A query, and what its value has to be.', {
  name: text('Name of the objective, shown in the status of the evaluation.'),
  query: text(
    'The query, in the language of the provider. Empty: the objective is on the KeptnMetric of its name.',
  ),
  evaluationTarget: shortText('What the value has to be: > or <, and a number.'),
});

const queriesOnly = object('The objectives.', {
  source: optional(
    text(
      'Name of the KeptnMetricsProvider that answers the queries; the only one of the namespace if not set.',
    ),
  ),
  objectives: list('All of them have to be met.', objective),
  ...followUpLists,
  ...followUpAliases,
});

/** The versions before v1, whose spec and status these are. */
export function olderVersions(spec: TSchema, status: TSchema): readonly ResourceVersion[] {
  const withQueries = { spec: queriesOnly, status, mapping: queriesOfOneSource };
  return [
    { name: 'v1beta1', spec, status },
    { name: 'v1alpha3', spec, status },
    { name: 'v1alpha2', ...withQueries },
    { name: 'v1alpha1', ...withQueries },
  ];
}

const queriesOfOneSource: PartMapping = {
  toStored(spec) {
    const { source, objectives, ...rest } = spec;
    const provider = isText(source) ? { provider: { name: source } } : {};
    return withObjectives(rest, objectives, ({ name, query, ...others }) => {
      const named = name === undefined ? {} : { name };
      return isText(query)
        ? { ...others, ...named, query, ...provider }
        : { ...others, keptnMetricRef: named };
    });
  },
  fromStored(spec) {
    const { objectives, ...rest } = spec;
    const source = commonSource(objectives);
    return withObjectives(
      { ...rest, ...defined({ source }) },
      objectives,
      ({ keptnMetricRef, name, query, ...others }) =>
        isText(query)
          ? { ...others, name: name ?? '', query }
          : { ...others, name: nameIn(keptnMetricRef) ?? '', query: '' },
    );
  },
};

/** The provider that all queries name; undefined when one of them names another or none. */
function commonSource(objectives: unknown): string | undefined {
  if (!Array.isArray(objectives)) return undefined;
  const sources = objectives
    .filter(isJsonObject)
    .filter(({ query }) => isText(query))
    .map(({ provider }) => nameIn(provider));
  const [first] = sources;
  return sources.every((source) => source === first) ? first : undefined;
}

function withObjectives(
  spec: JsonObject,
  objectives: unknown,
  map: (objective: JsonObject) => JsonObject,
): JsonObject {
  if (!Array.isArray(objectives)) return objectives === undefined ? spec : { ...spec, objectives };
  return {
    ...spec,
    objectives: objectives.map((each: unknown) => (isJsonObject(each) ? map(each) : each)),
  };
}

function nameIn(reference: unknown): string | undefined {
  if (!isJsonObject(reference)) return undefined;
  const { name } = reference;
  return isText(name) ? name : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
