import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import type { EvaluationFollowUpsSeen } from '../../../src/domain/evaluation/evaluation-follow-ups.ts';
import type { TaskFollowUpsSeen } from '../../../src/domain/task/task-observation.ts';
import { answering } from './answering.ts';
import { answers, type Asked } from './lifecycle-seen.ts';

export interface FollowUpsGiven extends Asked {
  /** The tasks of the parent. */
  readonly tasks?: readonly KeptnTask[];
  readonly definitions?: readonly KeptnTaskDefinition[];
  /** Whether only a cache said which definitions there are. */
  readonly isUnread?: boolean;
  readonly limit?: number;
  readonly total?: number;
  readonly line?: readonly string[];
  readonly before?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a decision sees of follow-ups: nothing, unless a test says something else. */
export function followUpsSeen(
  given: FollowUpsGiven = {},
): TaskFollowUpsSeen & EvaluationFollowUpsSeen {
  const { tasks = [], definitions = [], isUnread = false, limit = 3 } = given;
  const namespaces = ['shop', 'sluice-system'];
  return {
    tasks: new Map(tasks.map((task) => [task.metadata.name, task])),
    definitions: answering((name) => ({
      name,
      namespaces,
      object: definitions.find(({ metadata }) => metadata.name === name),
      unread: isUnread ? [{ kind: KeptnTaskDefinition, namespace: 'shop', name }] : [],
    })),
    ...answers({ ...given, made: given.made ?? tasks }),
    limit,
    total: given.total ?? 32,
    line: new Set(given.line),
    before: given.before ?? [],
    metadata: given.metadata ?? {},
  };
}
