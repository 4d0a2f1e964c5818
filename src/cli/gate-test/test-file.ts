import { dirname, resolve } from 'node:path';
import { parserOf } from '../../api/parse.ts';
import {
  bool,
  list,
  mapOf,
  object,
  oneOf,
  optional,
  type Static,
  stringMap,
  text,
} from '../../api/schema.ts';
import { keptnStates } from '../../api/keptn/states.ts';
import { fieldsNotNamed } from '../../api/unknown-fields.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { durationOr } from '../../domain/go/duration.ts';
import { BadInput } from '../../process/terminal.ts';
import { manifestsIn, type Position } from '../manifests/manifest-documents.ts';
import type { NamedText } from '../manifests/manifest-files.ts';

/** How the Job of a task ends; `hang` means that it never does. */
const taskOutcomes = ['succeed', 'fail', 'hang'] as const;
const evaluationOutcomes = ['pass', 'fail'] as const;

const given = object('', {
  tasks: optional(mapOf('', oneOf('', taskOutcomes))),
  evaluations: optional(mapOf('', oneOf('', evaluationOutcomes))),
  metrics: optional(stringMap('')),
  pods: optional(mapOf('', oneOf('', ['ready', 'unready']))),
});

const texts = optional(list('', text('')));

const ofWorkload = object('', {
  gated: optional(bool('')),
  pods: optional(oneOf('', ['held', 'running', 'refused', 'none'])),
  version: optional(text('')),
  state: optional(oneOf('', keptnStates)),
  phase: optional(text('')),
  tasks: texts,
  evaluations: texts,
  followUps: texts,
  warnings: texts,
});

const ofApp = object('', {
  version: optional(text('')),
  state: optional(oneOf('', keptnStates)),
  phase: optional(text('')),
  tasks: texts,
  evaluations: texts,
  followUps: texts,
});

const expected = object('', {
  workloads: optional(mapOf('', ofWorkload)),
  apps: optional(mapOf('', ofApp)),
  refused: texts,
});

const testCase = object('', {
  name: text(''),
  manifests: texts,
  given: optional(given),
  within: optional(text('')),
  expect: expected,
});

const schema = object('', {
  manifests: texts,
  namespace: optional(text('')),
  operatorNamespace: optional(text('')),
  definitionsNamespace: optional(text('')),
  cases: list('', testCase),
});

/** What a case says of the outcomes of checks; what it does not name succeeds. */
export type Given = Static<typeof given>;
/** What a case expects of one workload, by the name of its Deployment, StatefulSet, DaemonSet or Rollout. */
export type ExpectedWorkload = Static<typeof ofWorkload>;
/** What a case expects of one application. */
export type ExpectedApp = Static<typeof ofApp>;
export type Expected = Static<typeof expected>;

/** One case of a test file, complete. */
export interface TestCase {
  readonly name: string;
  readonly file: string;
  /** Paths as they can be opened from here. */
  readonly manifests: readonly string[];
  readonly given: Given;
  readonly expect: Expected;
  readonly withinMs: number;
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly definitionsNamespace: string;
  /** Where something under `expect` is written, for a path such as `workloads[cart].state`. */
  positionOf(path: string): Position;
}

const parse = parserOf(schema);
/** Longer than anything waits by default. */
const defaultWithin = '2h';

/** The cases of a file. Throws `BadInput` that names each wrong field with its place. */
export function casesOf({ name: file, text: content }: NamedText): readonly TestCase[] {
  const { manifests, broken } = manifestsIn(content);
  const [first] = broken;
  if (first !== undefined)
    throw new BadInput(`${file}:${first.line}:${first.column}: ${first.message}`);
  return manifests.flatMap((manifest) => {
    const { object: value } = manifest;
    const at = (path: string): string => {
      const { line, column } = manifest.positionOf(path);
      return `${file}:${line}:${column}: ${path}`;
    };
    const parsed = parse(value);
    const unknown = fieldsNotNamed(schema, value, '').map(({ path, name, known }) => {
      const meant = nearestName(name, known);
      const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
      return { path: path.replace(/^\./u, ''), message: `is no field of a test; ${hint}` };
    });
    const errors = [...(parsed.ok ? [] : parsed.errors), ...unknown];
    if (errors.length > 0 || !parsed.ok)
      throw new BadInput(errors.map(({ path, message }) => `${at(path)}: ${message}`).join('\n'));
    const { cases, manifests: shared = [], ...rest } = parsed.value;
    const { namespace = 'default', operatorNamespace = 'keptn-system' } = rest;
    const { definitionsNamespace = operatorNamespace } = rest;
    return cases.map((one, index): TestCase => {
      const { within = defaultWithin } = one;
      const withinMs = durationOr(within, -1);
      if (withinMs < 0)
        throw new BadInput(
          `${at(`cases[${index}].within`)}: "${within}" is no duration such as 30m`,
        );
      return {
        name: one.name,
        file,
        manifests: [...shared, ...(one.manifests ?? [])].map((path) =>
          resolve(dirname(file), path),
        ),
        given: one.given ?? {},
        expect: one.expect,
        withinMs,
        namespace,
        operatorNamespace,
        definitionsNamespace,
        positionOf: (path) =>
          manifest.positionOf(`cases[${index}].expect${path === '' ? '' : `.${path}`}`),
      };
    });
  });
}
