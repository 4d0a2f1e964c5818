import { container } from '../container.ts';
import { statusObject } from '../condition.ts';
import { defineResource, type ObjectOf } from '../resource.ts';
import {
  bool,
  duration,
  int32,
  list,
  object,
  oneOf,
  optional,
  rules,
  text,
  type Static,
} from '../schema.ts';
import { followUpAliases, followUpLists } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';
import { parameterFields } from './parameters.ts';

const runner = (language: string) =>
  object(`A function in ${language}, run by Sluice's own runner image.`, {
    functionRef: optional(
      object('Code and parameters of another definition.', {
        name: optional(text('Name of the KeptnTaskDefinition.')),
      }),
    ),
    inline: optional(object('Code in this definition.', { code: optional(text('The code.')) })),
    httpRef: optional(
      object('Code that is downloaded when the task runs.', {
        url: optional(text('Address of the code.')),
      }),
    ),
    configMapRef: optional(
      object('Code in a ConfigMap, under the key code.', {
        name: optional(text('Name of the ConfigMap.')),
      }),
    ),
    ...parameterFields,
    cmdParameters: optional(text('Passed to the function in CMD_ARGS.')),
  });

const python = runner('Python');

/** A function of one of the languages there is a runner for. */
export type FunctionSpec = Static<typeof python>;

/** What the API server and the webhook say when none of the runners is set, and when several are. Keptn's words. */
export const runnerMessages = {
  none: 'Forbidden! Either Container, Python, or Deno field must be defined',
  several: 'Forbidden! Only one of Container, Python, or Deno field can be defined',
} as const;

const runnersSet =
  '(has(self.container) ? 1 : 0) + (has(self.deno) ? 1 : 0) + (has(self.python) ? 1 : 0)';

const spec = object(
  'What a task runs and how. Exactly one of container, deno and python is set.',
  {
    container: optional(container('A container of your own.')),
    deno: optional(runner('JavaScript or TypeScript')),
    python: optional(python),
    retries: optional(int32('How often a failed run is repeated.', { default: 10 })),
    timeout: optional(duration('How long all runs together may take.', { default: '5m' })),
    serviceAccount: optional(
      object('The identity the task runs under.', { name: text('Name of the ServiceAccount.') }),
    ),
    automountServiceAccountToken: optional(
      object('Whether the task gets a token for the Kubernetes API.', {
        type: bool('true: the token of its ServiceAccount is mounted.'),
      }),
    ),
    onSupersede: optional(
      oneOf(
        'What happens to a running Job when another version takes the place of the one it checks; suspend if not set.',
        ['suspend', 'finish'],
      ),
    ),
    ttlSecondsAfterFinished: optional(
      int32('How long the Job is kept after it has ended, in seconds.', { default: 300 }),
    ),
    imagePullSecrets: optional(
      list(
        'Secrets to pull the image with.',
        object(
          'A Secret in the namespace of the task.',
          { name: optional(text('Name of the Secret.', { default: '' })) },
          { 'x-kubernetes-map-type': 'atomic' },
        ),
      ),
    ),
    ...followUpLists,
    ...followUpAliases,
  },
  rules(
    { rule: `${runnersSet} > 0`, message: runnerMessages.none },
    { rule: `${runnersSet} < 2`, message: runnerMessages.several },
  ),
);

const status = statusObject('What Sluice has prepared for the definition.', {
  function: optional(
    object('Where the code of the function is.', {
      configMap: optional(text('Name of the ConfigMap that holds it.')),
    }),
  ),
});

export type KeptnTaskDefinitionSpec = Static<typeof spec>;
export type KeptnTaskDefinitionStatus = Static<typeof status>;

/** What a KeptnTask runs: a function or a container. */
export const KeptnTaskDefinition = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnTaskDefinition',
  description: 'What a KeptnTask runs: a function or a container.',
  summary: 'Ready',
  versions: [{ name: 'v1', spec, status }],
});
export type KeptnTaskDefinition = ObjectOf<typeof KeptnTaskDefinition>;
