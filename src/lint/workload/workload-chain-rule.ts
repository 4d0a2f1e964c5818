import { sluiceKeys } from '../../api/keptn/annotations.ts';
import {
  describeChainProblem,
  followUpChainProblem,
} from '../../domain/follow-up/definition-chain.ts';
import { finderOf } from '../rules/chain-rules.ts';
import { rule } from '../base/rule.ts';
import {
  entriesOf,
  identityOfManifest,
  workloadKinds,
  type WorkloadManifest,
} from './workload-manifest.ts';

export const chainIsImpossible = rule<WorkloadManifest>({
  id: 'workload-follow-up-chain',
  title: 'Follow-ups of a workload that lead in a circle, or too deep',
  why: 'A circle of follow-ups is not run at all, and neither are follow-ups deeper than maxFollowUpDepth.',
  fix: 'Remove one of the references on the path, or raise maxFollowUpDepth in KeptnConfig.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check(workload, context) {
    const identity = identityOfManifest(workload, context);
    if (identity?.type !== 'annotated') return [];
    const find = finderOf(workload, context);
    const { maxFollowUpDepth } = context.settings;
    const lists = [
      [sluiceKeys.onSuccessTasks, identity.onSuccess],
      [sluiceKeys.onFailureTasks, identity.onFailure],
    ] as const;
    return lists.flatMap(([key, followUps]) => {
      const start = { name: `${workload.kind} ${workload.metadata.name}`, followUps };
      const problem = followUpChainProblem(start, find, maxFollowUpDepth);
      if (problem === undefined) return [];
      const path = entriesOf(workload).find((entry) => entry.key === key)?.path ?? 'metadata';
      return [{ path, message: describeChainProblem(problem) }];
    });
  },
});
