import { type Asking, at, listOf, mapSeen, textOf } from './asking.ts';
import { whyOf } from './judge-cluster.ts';
import { failed, type Line, ok, unknown, warning } from './line.ts';
import type { Seen } from './seen.ts';

/** What the user who installs must be allowed to create. */
const installed: readonly (readonly [group: string, resource: string])[] = [
  ['apiextensions.k8s.io', 'customresourcedefinitions'],
  ['rbac.authorization.k8s.io', 'clusterroles'],
  ['rbac.authorization.k8s.io', 'clusterrolebindings'],
  ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations'],
  ['admissionregistration.k8s.io', 'validatingwebhookconfigurations'],
  ['admissionregistration.k8s.io', 'validatingadmissionpolicies'],
  ['admissionregistration.k8s.io', 'validatingadmissionpolicybindings'],
];

/** What an installation will meet. */
export interface BeforeInstallSeen {
  /** `resource.group` of what the user may not create. */
  readonly denied: Seen<readonly string[]>;
  /** Whether admission policies are served. */
  readonly policies: Seen<boolean>;
  /** Deployments of Keptn that would do the same work. */
  readonly keptn: Seen<readonly string[]>;
}

export async function observeBeforeInstall(cluster: Asking): Promise<BeforeInstallSeen> {
  const [answers, resources, deployments] = await Promise.all([
    Promise.all(installed.map(([group, resource]) => mayCreate(cluster, group, resource))),
    cluster.get('/apis/admissionregistration.k8s.io/v1'),
    cluster.list(
      `/apis/apps/v1/deployments?labelSelector=${encodeURIComponent('app.kubernetes.io/part-of in (keptn,keptn-lifecycle-toolkit)')}`,
    ),
  ]);
  const unread = answers.find((answer) => answer.is !== 'found');
  const denied = answers.flatMap((answer, index) => {
    const [group, resource] = installed[index] ?? ['', ''];
    return answer.is === 'found' && !answer.value ? [`${resource}.${group}`] : [];
  });
  return {
    denied: unread ?? { is: 'found', value: denied },
    policies: mapSeen(resources, (list) =>
      listOf(at(list, 'resources')).some(
        (one) => at(one, 'name') === 'validatingadmissionpolicies',
      ),
    ),
    keptn: mapSeen(deployments, (found) =>
      found
        .filter(
          (one) => textOf(at(one, 'metadata', 'labels', 'app.kubernetes.io/name')) !== 'sluice',
        )
        .filter((one) => Number(at(one, 'spec', 'replicas') ?? 1) > 0)
        .map(
          (one) =>
            `${textOf(at(one, 'metadata', 'namespace'))}/${textOf(at(one, 'metadata', 'name'))}`,
        ),
    ),
  };
}

async function mayCreate(cluster: Asking, group: string, resource: string): Promise<Seen<boolean>> {
  const answer = await cluster.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { group, resource, verb: 'create' } },
  });
  return mapSeen(answer, (review) => at(review, 'status', 'allowed') === true);
}

/** Whether an installation will go through. */
export function judgeBeforeInstall(seen: BeforeInstallSeen): readonly Line[] {
  return [rightsLine(seen.denied), policiesLine(seen.policies), keptnLine(seen.keptn)];
}

function rightsLine(denied: BeforeInstallSeen['denied']): Line {
  const check = 'your rights';
  if (denied.is !== 'found') return unknown(check, whyOf(denied));
  return denied.value.length === 0
    ? ok(check, 'you may create what an installation needs')
    : failed(
        check,
        `you may not create ${denied.value.join(', ')}`,
        'install as a cluster administrator',
      );
}

function policiesLine(policies: BeforeInstallSeen['policies']): Line {
  const check = 'admission policies';
  if (policies.is === 'unreadable') return unknown(check, policies.why);
  return policies.is === 'found' && policies.value
    ? ok(check, 'the API server serves them')
    : failed(
        check,
        'the API server serves no ValidatingAdmissionPolicy: nothing would keep the gate shut',
        'upgrade the cluster to 1.30 or newer',
      );
}

function keptnLine(keptn: BeforeInstallSeen['keptn']): Line {
  const check = 'Keptn';
  if (keptn.is !== 'found') return unknown(check, whyOf(keptn));
  return keptn.value.length === 0
    ? ok(check, 'no Keptn runs')
    : warning(
        check,
        `Keptn runs: ${keptn.value.join(', ')}. Two operators on the same objects undo each other’s work`,
        'scale its Deployments to 0 before you start Sluice; its objects are taken over as they are',
      );
}
