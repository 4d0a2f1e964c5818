import { lifecycleGroup, metricsGroup } from '../../api/keptn/groups.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { Kind } from '../../api/object.ts';
import { notByUser } from './cel.ts';
import { mostSecrets, namedSecrets } from './named-secrets.ts';
import type { PolicyDefinition, PolicySettings, ResourceRule, Validation } from './policy.ts';

const namespace = 'request.namespace';
const says = "request.userInfo.username + ' '";

/**
 * A definition or task runs in Sluice's Jobs, and a provider is asked with its Secret by Sluice: without a check they would lend
 * Pods, Secrets and service accounts to people who may not use them. The user who writes one needs the rights that it uses, where
 * it uses them. Sluice's own tasks are exempt by its user name. What leaves the spec as it is is not checked: finalizers and
 * labels use no right.
 */
export function requesterPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'requester-rights.sluice.keptn.sh',
    rules: [
      ruleFor(lifecycleGroup, [KeptnTaskDefinition, KeptnTask]),
      ruleFor(metricsGroup, [KeptnMetricsProvider]),
    ],
    matchConditions: [
      notByUser(users),
      {
        name: 'spec-written',
        expression: "request.operation == 'CREATE' || object.spec != oldObject.spec",
      },
    ],
    variables: [
      ...namedSecrets,
      {
        name: 'mayGetAnySecret',
        expression: `size(variables.secrets) > 0 && ${may('get', { group: '', resource: 'secrets' })}`,
      },
      {
        name: 'serviceAccount',
        expression: "object.spec.?serviceAccount.?name.orValue('')",
      },
    ],
    validations: [
      mayCreateJobs(),
      mayUseServiceAccount(),
      fewSecrets(),
      ...Array.from({ length: mostSecrets }, (_, index) => mayGetSecret(index)),
    ],
  };
}

function ruleFor(group: string, kinds: readonly Kind[]): ResourceRule {
  return {
    apiGroups: [group],
    apiVersions: ['v1'],
    resources: kinds.map(({ plural }) => plural),
    operations: ['CREATE', 'UPDATE'],
  };
}

function mayCreateJobs(): Validation {
  const role = roleLine({ name: "'create-jobs'", verb: 'create', resource: 'jobs.batch' });
  return {
    // A provider makes no Jobs.
    expression: `request.kind.kind == '${KeptnMetricsProvider.kind}' || ${may('create', { group: 'batch', resource: 'jobs' })}`,
    message: 'to write this object, which runs Jobs, its requester needs the right to create Jobs',
    messageExpression: `${says} + 'may not create Jobs in namespace ' + ${namespace} + ', as this object does: ' + ${role}`,
    reason: 'Forbidden',
  };
}

function mayUseServiceAccount(): Validation {
  const name = 'variables.serviceAccount';
  const role = roleLine({
    name: `'use-' + ${name}`,
    verb: 'get',
    resource: 'serviceaccounts',
    object: name,
  });
  // kubectl makes no role with the verb "use" on service accounts (1.32), so the line makes one with "get" and renames the verb.
  const use = `' --dry-run=client -o yaml | sed "s/- get/- use/" | kubectl apply -f -'`;
  return {
    expression: `${name} == '' || ${may('use', { group: '', resource: 'serviceaccounts', name })}`,
    message: 'spec.serviceAccount: its requester needs the verb use on the ServiceAccount it names',
    messageExpression: `${says} + 'lacks the verb use on ServiceAccount ' + ${name} + ' in namespace ' + ${namespace} + ', which spec.serviceAccount names: ' + ${role} + ${use}`,
    reason: 'Forbidden',
  };
}

function fewSecrets(): Validation {
  const role = roleLine({ name: "'read-secrets'", verb: 'get', resource: 'secrets' });
  const message = `it names more than ${mostSecrets} Secrets, so its requester needs the right to get all Secrets of the namespace`;
  return {
    expression: '!variables.tooManySecrets || variables.mayGetAnySecret',
    message,
    messageExpression: `'${message}: ' + ${role}`,
    reason: 'Forbidden',
  };
}

function mayGetSecret(index: number): Validation {
  const name = `variables.secrets[${index}]`;
  const role = roleLine({
    name: `'read-' + ${name}`,
    verb: 'get',
    resource: 'secrets',
    object: name,
  });
  return {
    expression: `size(variables.secrets) <= ${index} || variables.mayGetAnySecret || ${may('get', { group: '', resource: 'secrets', name })}`,
    message: 'its requester needs the right to get each Secret it names',
    messageExpression: `${says} + 'may not get Secret ' + ${name} + ' in namespace ' + ${namespace} + ', which this object names: ' + ${role}`,
    reason: 'Forbidden',
  };
}

/** Whether the requester may do that in the namespace of the request; `name` is an expression. */
function may(
  verb: string,
  of: { readonly group: string; readonly resource: string; readonly name?: string },
): string {
  const name = of.name === undefined ? '' : `.name(${of.name})`;
  return `authorizer.group('${of.group}').resource('${of.resource}').namespace(${namespace})${name}.check('${verb}').allowed()`;
}

/** The command that makes a role with the right, as an expression. */
function roleLine(of: {
  readonly name: string;
  readonly verb: string;
  readonly resource: string;
  readonly object?: string;
}): string {
  const object = of.object === undefined ? '' : ` + ' --resource-name=' + ${of.object}`;
  return `'kubectl create role ' + ${of.name} + ' --namespace ' + ${namespace} + ' --verb=${of.verb} --resource=${of.resource}'${object}`;
}
