import { certificateSecretName } from '../../api/secret.ts';
import { abortedVersionsPolicy } from './aborted-versions.ts';
import { gatePolicyObjects } from './gate.ts';
import { heldPodsPolicy } from './held-pods.ts';
import { lifecycleChildrenPolicy } from './lifecycle-children.ts';
import { notOptedInPolicy } from './not-opted-in.ts';
import { optInPolicy } from './opt-in.ts';
import { ownWritesPolicy } from './own-writes.ts';
import { placedPodsPolicy } from './placed-pods.ts';
import {
  type PolicyDefinition,
  type PolicyObject,
  policyObjects,
  type PolicySettings,
} from './policy.ts';
import { releaseMarksPolicy } from './release-marks.ts';
import { serviceAccountUser } from '../sluice-user.ts';
import { releasedListsPolicy, releasedVersionsPolicy } from './released-versions.ts';
import { requesterPolicy } from './requester.ts';
import { steeringPolicy } from './steering.ts';

/** All policies of an installation with these settings; what each is for is explained in docs/security.md. */
function policies(settings: PolicySettings): readonly PolicyDefinition[] {
  return [
    optInPolicy(settings),
    notOptedInPolicy(settings),
    heldPodsPolicy(settings),
    placedPodsPolicy(settings),
    lifecycleChildrenPolicy(settings),
    releaseMarksPolicy(settings),
    steeringPolicy(settings),
    abortedVersionsPolicy(settings),
    ...(settings.requesterChecks ? [requesterPolicy(settings)] : []),
    ...(settings.backstop === true
      ? [releasedVersionsPolicy(settings), releasedListsPolicy(settings)]
      : []),
    // Somebody else under whose name Sluice runs outside the cluster has rights and duties of his own.
    ownWritesPolicy(serviceAccountUser(settings.operatorNamespace), {
      namespace: settings.operatorNamespace,
      name: settings.certificateSecret ?? certificateSecretName,
    }),
  ];
}

/** The objects of all policies, each with its binding. */
export function policyManifests(settings: PolicySettings): readonly PolicyObject[] {
  return [
    ...policies(settings).flatMap(policyObjects),
    ...(settings.gatesByPolicy === true ? gatePolicyObjects(settings) : []),
  ];
}
