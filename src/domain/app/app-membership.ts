import type { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../../api/keptn/app-creation-request.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import { workloadsOf } from './app-creation.ts';
import { isGenerated } from './generated-app.ts';
import { isCurrentVersion, isNameOf } from '../phase/newest-app-version.ts';
import type { OptInState } from '../opt-in-state.ts';
import { nothing, type Plan } from '../plan.ts';
import { isRetired } from '../owner/retired-workload.ts';

/** What the decision on the workloads that a generated app lists knows of the world. */
export interface AppMembershipSeen {
  readonly optIn: OptInState;
  readonly app: KeptnApp;
  readonly versions: readonly KeptnAppVersion[];
  /** The workloads of the namespace that name this app. */
  readonly workloads: readonly KeptnWorkload[];
  /** Whether those are all there are, according to the API server. */
  readonly listed: boolean;
  /** Whether the workloads of the app are being gathered already. */
  readonly isAsked: boolean;
}

/**
 * Has the workloads of a generated app gathered again when it waits for one that is gone or retired, which would last for
 * ever. An app that is deployed waits for none and drops it with its next change; one without any workload is deleted some
 * time later (`retention/`).
 */
export function decideAppMembership(seen: AppMembershipSeen): Plan {
  const { app, isAsked, listed } = seen;
  if (seen.optIn !== 'yes') return nothing;
  if (app.metadata.deletionTimestamp !== undefined || isAsked || !isGenerated(app)) return nothing;
  const living = seen.workloads.filter(
    (one) => one.metadata.deletionTimestamp === undefined && !isRetired(one),
  );
  const isMissing = (app.spec.workloads ?? []).some(
    ({ name }) => !living.some(({ metadata }) => isNameOf(metadata.name, app.metadata.name, name)),
  );
  if (!isMissing || !waits(seen)) return nothing;
  const { namespace = '', name } = app.metadata;
  if (!listed) return { look: [workloadsOf(namespace)] };
  if (living.length === 0) return nothing;
  const object: KeptnAppCreationRequest = {
    apiVersion: KeptnAppCreationRequest.apiVersion,
    kind: KeptnAppCreationRequest.kind,
    metadata: { namespace, name },
    spec: { appName: name },
  };
  return { effects: [{ type: 'create', kind: KeptnAppCreationRequest, object }] };
}

/** Whether the app's current version still has to deploy its workloads, or could not. */
function waits({ app, versions }: AppMembershipSeen): boolean {
  const { status } = versions.find((version) => isCurrentVersion(version, app)) ?? {};
  return !isCompleted(status?.status) || status?.workloadOverallStatus === 'Failed';
}
