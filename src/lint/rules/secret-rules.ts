import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { functionsOf } from './function-rules.ts';
import { isLegalName } from '../../domain/names.ts';
import { looksSecret } from '../base/looks-secret.ts';
import { type Found, type Rule, rule } from '../base/rule.ts';

const secretParameter = rule({
  id: 'parameter-looks-secret',
  title: 'A parameter that looks like a secret',
  why: 'Every user who may read the object, its Job or its Pod can read it, and so can every reader of the repository it comes from.',
  fix: 'Put it in a Secret and name that in secureParameters.secret.',
  severity: 'risky',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }) =>
    functionsOf(spec).flatMap(([path, { parameters }]) => secretsIn(path, parameters?.map)),
});

const secretTaskParameter = rule({
  ...secretParameter,
  id: 'task-parameter-looks-secret',
  kinds: [KeptnTask],
  check: ({ spec }) => secretsIn('spec', spec.parameters?.map),
});

const secretVariable = rule({
  id: 'variable-looks-secret',
  title: 'An environment variable that looks like a secret',
  why: 'Every user who may read the object, its Job or its Pod can read it, and so can every reader of the repository it comes from.',
  fix: 'Put it in a Secret and take it from there: valueFrom.secretKeyRef.',
  severity: 'risky',
  kinds: [KeptnTaskDefinition],
  check: ({ spec: { container } }) =>
    (container?.env ?? []).flatMap(({ name, value = '' }, index) => {
      if (!looksSecret(name, value)) return [];
      const message = `${name} looks like a secret that anybody who may read this object can read; take it from a Secret: valueFrom.secretKeyRef`;
      return [{ path: `spec.container.env[${index}].value`, message }];
    }),
});

const secretName = rule({
  id: 'secret-name',
  title: 'A name that no Secret can have',
  why: 'No Pod with it ever starts, and no provider is ever asked with it.',
  fix: 'Write the name of a Secret of the namespace: lower-case letters, digits, - and . only.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }) =>
    namedSecrets([
      ...functionsOf(spec).flatMap(([path, { secureParameters }]) => [
        [`${path}.secureParameters.secret`, secureParameters?.secret] as const,
        ...(secureParameters?.secrets ?? []).map(
          ({ name }, index) => [`${path}.secureParameters.secrets[${index}].name`, name] as const,
        ),
      ]),
      ...(spec.imagePullSecrets ?? []).map(
        ({ name }, index) => [`spec.imagePullSecrets[${index}].name`, name] as const,
      ),
    ]),
});

const providerSecretName = rule({
  ...secretName,
  id: 'provider-secret-name',
  kinds: [KeptnMetricsProvider],
  check: ({ spec }) => namedSecrets([['spec.secretKeyRef.name', spec.secretKeyRef?.name]]),
});

function namedSecrets(
  named: readonly (readonly [path: string, name: string | undefined])[],
): readonly Found[] {
  return named
    .filter(([, name = '']) => name !== '' && !isLegalName(name))
    .map(([path, name = '']) => ({
      path,
      message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of a Secret; write lower-case letters, digits, - and . only`,
    }));
}

/** The rules about secrets where they do not belong, and about their names. */
export const secretRules: readonly Rule[] = [
  secretParameter,
  secretTaskParameter,
  secretVariable,
  secretName,
  providerSecretName,
];

function secretsIn(path: string, map: Readonly<Record<string, string>> = {}): readonly Found[] {
  return Object.entries(map)
    .filter(([key, value]) => looksSecret(key, value))
    .map(([key]) => {
      // Never the value.
      const message =
        'looks like a secret that anybody who may read this object can read; put it in a Secret, named in secureParameters.secret';
      return { path: `${path}.parameters.map${fieldOf(key)}`, message };
    });
}

function fieldOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${key}]`;
}
