import { rule } from '../base/rule.ts';
import { identityOfManifest, workloadKinds } from './workload-manifest.ts';

/** The one rule on workloads that refuses them outside of strict mode, too: what breaks it would start unchecked. */
export const nodeNameIsSet = rule({
  id: 'node-name-set',
  title: 'A node named by the Pod template',
  why: 'A Pod that is on a node from the start never meets the scheduler, so no gate can hold it and it would start without its checks. Such Pods are refused in enabled namespaces.',
  fix: 'Remove nodeName from the Pod template, and choose nodes by nodeSelector or affinity.',
  severity: 'error',
  kinds: workloadKinds,
  check(workload, context) {
    const nodeName = workload.spec.template?.spec?.nodeName ?? '';
    if (nodeName === '' || identityOfManifest(workload, context)?.type !== 'annotated') return [];
    const message =
      'puts the Pods past the scheduler, where no gate can hold them until their checks have passed; remove it and use nodeSelector or affinity';
    return [{ path: 'spec.template.spec.nodeName', message }];
  },
});
