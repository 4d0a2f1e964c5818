import { KeptnTask } from '../../api/keptn/task.ts';
import { blueprintOf } from '../../domain/job/function-source.ts';
import { finderOf } from './chain-rules.ts';
import { type Rule, rule } from '../base/rule.ts';

const overruled = rule({
  id: 'task-parameter-overruled',
  title: 'A parameter that the definition overrules',
  why: 'As in Keptn, a parameter of the definition wins over one of the task.',
  fix: 'Remove it from the task, or from the definition.',
  severity: 'doubtful',
  kinds: [KeptnTask],
  check(task, context) {
    const { taskDefinition, parameters } = task.spec;
    const blueprint = blueprintOf(taskDefinition, finderOf(task, context));
    if (blueprint.type !== 'function') return [];
    return Object.entries(parameters?.map ?? {})
      .filter(([key, value]) => (blueprint.parameters[key] ?? value) !== value)
      .map(([key]) => ({
        path: 'spec.parameters.map',
        message: `${key} has no effect: KeptnTaskDefinition ${taskDefinition} sets it, and that wins; remove it from one of them`,
      }));
  },
});

const ofContainer = rule({
  id: 'task-parameter-of-container',
  title: 'Parameters for a container',
  why: 'A container gets no parameters of the task, only KEPTN_CONTEXT.',
  fix: 'Use a function, or give the container an environment of its own.',
  severity: 'doubtful',
  kinds: [KeptnTask],
  check(task, context) {
    const { taskDefinition, parameters, secureParameters } = task.spec;
    const blueprint = blueprintOf(taskDefinition, finderOf(task, context));
    if (blueprint.type !== 'container') return [];
    const message = `has no effect: KeptnTaskDefinition ${taskDefinition} runs a container, which gets no parameters; remove it`;
    return [
      ...(Object.keys(parameters?.map ?? {}).length > 0
        ? [{ path: 'spec.parameters', message }]
        : []),
      ...(secureParameters?.secret ? [{ path: 'spec.secureParameters', message }] : []),
    ];
  },
});

/** The rules about tasks that are made by hand. */
export const taskRules: readonly Rule[] = [overruled, ofContainer];
