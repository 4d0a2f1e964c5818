import { defined, isJsonObject, type JsonObject } from '../../api/json.ts';
import { BadInput } from '../../process/terminal.ts';
import { analysisName } from './analysis-name.ts';
import {
  between,
  contains,
  CriterionInvalid,
  inside,
  type Operator,
  outside,
  type Window,
  windowOf,
} from './slo-criteria.ts';

/** What a converter made, and what of the input it could not carry over, one sentence each. */
export interface Conversion {
  readonly objects: readonly JsonObject[];
  readonly lost: readonly string[];
}

export interface SloSettings {
  /** Name of the AnalysisDefinition. */
  readonly name: string;
  /** Where its AnalysisValueTemplates are; the namespace of the definition if not given. */
  readonly templateNamespace?: string;
}

/**
 * The SLO file of a Keptn v1 as an AnalysisDefinition, by the rules of Keptn's own converter. What that drops without a word is
 * said; `=`, the key `warn` and two alternatives in one direction, at which it fails or goes wrong, are understood. Throws
 * `BadInput` that names the field.
 */
export function convertSlo(slo: JsonObject, settings: SloSettings): Conversion {
  const { objectives, total_score: score } = slo;
  if (!Array.isArray(objectives)) throw new BadInput('objectives: is no list');
  const lost: string[] = [];
  const converted = objectives.map((objective: unknown, index) =>
    objectiveOf(objective, `objectives[${index}]`, { ...settings, lost }),
  );
  const { pass, warning } = isJsonObject(score) ? score : {};
  const spec = {
    objectives: converted,
    totalScore: {
      passPercentage: percentage(pass, 'total_score.pass'),
      warningPercentage: percentage(warning, 'total_score.warning'),
    },
  };
  const object = {
    apiVersion: 'metrics.keptn.sh/v1',
    kind: 'AnalysisDefinition',
    metadata: { name: settings.name },
    spec,
  };
  return { objects: [object], lost };
}

function objectiveOf(
  objective: unknown,
  path: string,
  { templateNamespace, lost }: SloSettings & { readonly lost: string[] },
): JsonObject {
  if (!isJsonObject(objective)) throw new BadInput(`${path}: is no object`);
  const { sli, weight = 1, key_sli: key = false } = objective;
  if (typeof sli !== 'string') throw new BadInput(`${path}.sli: is no text`);
  if (!Number.isSafeInteger(weight)) throw new BadInput(`${path}.weight: is no whole number`);
  if (typeof key !== 'boolean') throw new BadInput(`${path}.key_sli: is neither true nor false`);
  const read = (field: 'pass' | 'warning', value: unknown) =>
    blocksOf(value, `${path}.${field}`, { sli, lost });
  const passes = read('pass', objective['pass']);
  const warnings = read('warning', objective['warning'] ?? objective['warn']);
  const target = targetOf(passes, warnings);
  if (target === undefined) {
    lost.push(
      `${sli}: its criteria cannot be said by one target, so it is measured and never fails; set spec.objectives[].target by hand`,
    );
  }
  return {
    analysisValueTemplateRef: {
      name: analysisName(sli),
      ...defined({ namespace: templateNamespace }),
    },
    target: target ?? {},
    weight,
    keyObjective: key,
  };
}

/** The windows of the blocks of which one has to be met. */
function blocksOf(
  value: unknown,
  path: string,
  { sli, lost }: { readonly sli: string; readonly lost: string[] },
): readonly Window[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new BadInput(`${path}: is no list`);
  return value.flatMap((block: unknown, index) => {
    const criteria = isJsonObject(block) ? block['criteria'] : undefined;
    if (!Array.isArray(criteria)) throw new BadInput(`${path}[${index}].criteria: is no list`);
    const texts = criteria.map((one: unknown) => String(one).replaceAll(/\s/gu, ''));
    for (const text of texts.filter((one) => one.includes('%'))) {
      lost.push(`${sli}: ${text} compares with earlier evaluations, which an Analysis does not`);
    }
    const usable = texts.filter((text) => text !== '' && !text.includes('%'));
    if (usable.length === 0) return [];
    try {
      return [windowOf(usable)];
    } catch (error) {
      if (!(error instanceof CriterionInvalid)) throw error;
      throw new BadInput(`${path}[${index}].criteria: ${error.message}`, { cause: error });
    }
  });
}

interface Target {
  readonly failure?: Operator;
  readonly warning?: Operator;
}

/** When the objective fails and warns; undefined where one target cannot say it. */
function targetOf(passes: readonly Window[], warnings: readonly Window[]): Target | undefined {
  const [pass, second, ...more] = passes;
  const [warning, ...moreWarnings] = warnings;
  if (pass === undefined) return {};
  if (moreWarnings.length > 0 || more.length > 0) return undefined;
  if (warning === undefined) {
    const failure = second === undefined ? outside(pass) : between(pass, second);
    return failure === undefined ? undefined : { failure };
  }
  if (second !== undefined) return undefined;
  if (contains(warning, pass)) return targetWith(outside(warning), outside(pass));
  if (contains(pass, warning)) return targetWith(outside(pass), inside(warning));
  return undefined;
}

function targetWith(failure: Operator | undefined, warning: Operator | undefined): Target {
  return { ...(failure && { failure }), ...(warning && { warning }) };
}

function percentage(value: unknown, path: string): number {
  const text = typeof value === 'number' ? String(value) : value;
  const number = typeof text === 'string' ? Number(text.replaceAll('%', '').trim() || NaN) : NaN;
  if (Number.isFinite(number) && number >= 0 && number <= 100) return Math.round(number);
  throw new BadInput(`${path}: expected a percentage such as "90%"`);
}
