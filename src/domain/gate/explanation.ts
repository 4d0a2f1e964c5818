import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { commandToCheckAgain, hasFailedHeld } from './check-again.ts';
import type { AnnotatedIdentity } from '../identity/identity.ts';
import { workloadName, workloadVersionName } from '../names.ts';
import { shortened } from '../shortened.ts';

/** The longest explanation; an annotation that people read in `kubectl describe pod`. */
const longest = 1000;

/** Why a Pod is held that was just admitted: the sentence its annotation says until something better is known. */
export function heldForChecks(identity: AnnotatedIdentity, namespace: string): string {
  const { app, workload, version, versionProblem } = identity;
  const name = workloadName(app, workload);
  if (versionProblem !== undefined) {
    return explanation(`workload ${name} of application ${app} has no version: ${versionProblem}`);
  }
  if (version === undefined) {
    return explanation(
      `waiting until the version of workload ${name} of application ${app} is known`,
    );
  }
  const about = `workload ${name} version ${version} of application ${app}`;
  const where = `kubectl describe keptnworkloadversion ${workloadVersionName(name, version)} -n ${namespace}`;
  return explanation(`waiting for the checks of ${about}. See: ${where}`);
}

/** The command that starts what is held in a Namespace that has withdrawn its opt-in. */
export function commandToReleaseHeld(namespace: string): string {
  return `kubectl annotate namespace ${namespace} ${sluiceKeys.releaseHeld}=true`;
}

/** Why a Pod is held that was just admitted to a Namespace that has withdrawn its opt-in. */
export function heldAfterOptOut({ metadata, spec }: KeptnWorkloadVersion): string {
  const { app, workloadName: workload, version } = spec;
  const { name, namespace = '' } = metadata;
  return explanation(
    `the checks of workload ${workload} version ${version} of application ${app} have failed, although Namespace ${namespace} is no longer opted in. To start it all the same: ${commandToReleaseHeld(namespace)}. See: kubectl describe keptnworkloadversion ${name} -n ${namespace}`,
  );
}

/** Why a Pod is held while the kinds are not there in which it is on record what was checked. */
export function heldWithoutRecords(): string {
  return explanation(
    'the API server does not serve KeptnWorkloads or KeptnWorkloadVersions, so nothing can be told of its version. It is held until their CustomResourceDefinitions are there again (sluice install)',
  );
}

/** Why a Pod is held while it is not known yet whether it is to be checked. */
export function heldUntilOwnerIsKnown(why: string): string {
  return explanation(`waiting until it is known whether the Pod has to be checked: ${why}`);
}

const takeBack =
  'Create its owner again, which takes the Pod back by its labels, or delete the Pod';

/**
 * Why a Pod is held that has no owner and of whose version nothing is on record: checks begin with an owner, so these will
 * not begin. Without `identity` the Pod does not say either what it stands for.
 */
export function heldWithoutOwner(identity: AnnotatedIdentity | undefined): string {
  if (identity === undefined) {
    return explanation(
      `the Pod has no owner (any more) and does not name its workload (annotation keptn.sh/workload), so it cannot be told which checks it needs. ${takeBack}`,
    );
  }
  const { app, workload, version = '(unknown)' } = identity;
  return explanation(
    `the Pod has no owner (any more), and there is no KeptnWorkloadVersion for workload ${workloadName(app, workload)} version ${version} of application ${app}: no checks will begin. ${takeBack}`,
  );
}

/** What is left of a cause for the sentence behind it, which says whose it is and where to look. */
const longestCause = 600;

/**
 * Why a Pod is held whose version needs somebody's help: the check that failed or cannot begin, in its own words, and first,
 * because `kubectl describe` cuts what stands further back.
 */
export function stalledExplanation(version: KeptnWorkloadVersion, message: string): string {
  const { app, workloadName: workload, version: number } = version.spec;
  const wayOut = hasFailedHeld(version)
    ? `Once that is mended, check it again: ${commandToCheckAgain(version)}. `
    : '';
  return explanation(
    `${shortened(message, longestCause)} (version ${number} of workload ${workload} of application ${app}). ${wayOut}See: kubectl describe keptnworkloadversion ${version.metadata.name} -n ${version.metadata.namespace ?? ''}`,
  );
}

/** One line of bounded length, whatever names and versions people have written. */
function explanation(text: string): string {
  return shortened(`Held by Sluice: ${text.replace(/\p{Cc}+/gu, ' ')}`, longest);
}
