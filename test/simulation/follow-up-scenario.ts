import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import type { FollowUpStatus } from '../../src/api/keptn/follow-up.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { isOf, type StoredChange } from '../../src/cli/played/memory-store.ts';
import { aTaskDefinition } from './shop.ts';
import type { Simulation } from './simulation.ts';

/** A container definition whose Pod ends as asked, with further fields in one line of YAML each. */
export function aDefinition(
  name: string,
  outcome = 'succeed',
  ...fields: readonly string[]
): string {
  return `${aTaskDefinition(name, outcome)}${fields.map((field) => `  ${field}\n`).join('')}`;
}

/** KeptnTask `parent` of definition `check`, made by hand, whose Pod ends as asked. */
export const aTask = (outcome: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTask
metadata: { namespace: shop, name: parent, annotations: { sluice.test/outcome: ${outcome} } }
spec: { taskDefinition: check, retries: 3, timeout: 5m, context: { appName: shop } }
`;

export const taskOf = ({ store }: Simulation): KeptnTask | undefined =>
  store.get(KeptnTask, 'shop', 'parent');

export const evaluationOf = ({ store }: Simulation): KeptnEvaluation | undefined =>
  store.get(KeptnEvaluation, 'shop', 'parent');

/** The follow-ups in the status of `parent`. */
export const followUpsOf = (simulation: Simulation): readonly FollowUpStatus[] =>
  (taskOf(simulation) ?? evaluationOf(simulation))?.status?.followUps ?? [];

/** The creations of tasks of this definition there ever were. */
export function created({ store }: Simulation, definition: string): StoredChange[] {
  return store.history.filter(
    ({ type, object }) =>
      type === 'added' && isOf(KeptnTask, object) && object.spec.taskDefinition === definition,
  );
}
