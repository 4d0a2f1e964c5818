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
import { deno, script } from './function-spec.ts';
import { lifecycleGroup } from './groups.ts';
import { jobOptions } from './job-options.ts';
import { olderVersions, runners } from './task-definition-versions.ts';

/** What the API server and the webhook say when none of the runners is set, and when several are. Keptn's words, with bash behind them. */
export const runnerMessages = {
  none: 'Forbidden! Either Container, Python, or Deno field must be defined (or Bash)',
  several: 'Forbidden! Only one of Container, Python, or Deno field can be defined (Bash included)',
} as const;

const runnersSet =
  '(has(self.container) ? 1 : 0) + (has(self.deno) ? 1 : 0) + (has(self.python) ? 1 : 0) + (has(self.bash) ? 1 : 0)';

const runnerNames = ['container', 'deno', 'python', 'bash'] as const;

/** One for each two of them, so that the message names those that are set: one that is put together costs more than the API server allows. */
const onlyOneRunner = runnerNames.flatMap((one, index) =>
  runnerNames.slice(index + 1).map((other) => ({
    rule: `!(has(self.${one}) && has(self.${other}))`,
    message: `${runnerMessages.several}; ${one} and ${other} are set`,
  })),
);

const fields = {
  container: optional(container('A container of your own.')),
  deno: optional(deno),
  python: optional(script('Python')),
  bash: optional(script('bash')),
  retries: optional(int32('How often a failed run is repeated.', { default: 10 })),
  retryInterval: optional(
    duration('How long to wait until a failed run of a function is repeated in its container.'),
  ),
  timeout: optional(duration('How long all runs together may take.', { default: '5m' })),
  attemptTimeout: optional(duration('How long one run of a function may take.')),
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
      'What happens to a running Job when another version takes the place of the one it checks: it may finish, which is the default, or it is stopped and deleted. A task that has no Job yet is made one only by finish. suspend is the older name of stop.',
      ['finish', 'stop', 'suspend'],
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
  job: optional(jobOptions('What the Job and its Pod get beside what the task needs.')),
  ...followUpLists,
  ...followUpAliases,
};

const spec = object(
  'What a task runs and how. Exactly one of container, deno, python and bash is set.',
  fields,
  rules({ rule: `${runnersSet} > 0`, message: runnerMessages.none }, ...onlyOneRunner),
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
  versions: [{ name: 'v1', spec, status, alternatives: runners }, ...olderVersions(fields, status)],
});
export type KeptnTaskDefinition = ObjectOf<typeof KeptnTaskDefinition>;
