import { KeptnApp, type KeptnAppStatus } from '../api/keptn/app.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { type ObjectRef, refOf } from '../api/object.ts';
import { ownedBy } from './check-objects.ts';
import { progressConditions, withConditions, type Progress } from './conditions.ts';
import { isCurrentVersion, secondAppVersionName } from './newest-app-version.ts';
import { appVersionName, generationHash } from './names.ts';
import { phaseEvent } from './phase-event.ts';
import { type EventNote, nothing, type Plan, type Refusal } from './plan.ts';

/** What the decision on an app knows of the world. */
export interface AppSeen {
  readonly app: KeptnApp;
  readonly now: number;
  readonly versions: readonly KeptnAppVersion[];
  readonly context: KeptnAppContext | undefined;
  live(ref: ObjectRef): 'unread' | 'absent' | 'present';
  refusal(ref: ObjectRef): Refusal | undefined;
}

/**
 * Makes the app version of every generation of an app (compatibility reference §4.3). The app's context is read live
 * first: a version made without its checks could never be mended (W8).
 */
export function decideApp(seen: AppSeen): Plan {
  const { app, versions } = seen;
  if (app.metadata.deletionTimestamp !== undefined) return nothing;
  const current = versions.find((version) => isCurrentVersion(version, app));
  if (current !== undefined) return made(seen, current);

  const { name, namespace = '' } = app.metadata;
  const contextRef: ObjectRef = { kind: KeptnAppContext, namespace, name };
  if (seen.live(contextRef) === 'unread') return { look: [contextRef] };

  const proper = versionNameOf(app);
  const isTaken =
    seen.refusal({ kind: KeptnAppVersion, namespace, name: proper })?.reason === 'NameTaken';
  const versionName = isTaken ? secondAppVersionName(app) : proper;
  const refused = seen.refusal({ kind: KeptnAppVersion, namespace, name: versionName });
  return {
    effects: [{ type: 'create', kind: KeptnAppVersion, object: versionOf(seen, versionName) }],
    onlyIfCurrent: { ...refOf(KeptnApp, app), resourceVersion: app.metadata.resourceVersion ?? '' },
    ...(refused !== undefined && {
      ...write(seen, app.status ?? {}, {
        kind: 'waiting',
        reason: 'AppVersionNotCreated',
        message: `KeptnAppVersion ${versionName} could not be created: ${refused.message}`,
      }),
      events: [creationFailed(app, refused.message)],
    }),
  };
}

function made(seen: AppSeen, current: KeptnAppVersion): Plan {
  const { app } = seen;
  const isSecond = current.metadata.name !== versionNameOf(app);
  const message = isSecond
    ? `KeptnAppVersion ${current.metadata.name} exists; the name ${versionNameOf(app)} belongs to something else`
    : `KeptnAppVersion ${current.metadata.name} exists`;
  const status = { ...app.status, currentVersion: app.spec.version };
  return write(seen, status, {
    kind: 'succeeded',
    reason: isSecond ? 'NameTaken' : 'AppVersionCreated',
    message,
  });
}

function write(seen: AppSeen, status: KeptnAppStatus, progress: Progress): Pick<Plan, 'status'> {
  const { app, now } = seen;
  const { generation, resourceVersion = '' } = app.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const changes = progressConditions(progress, 'Ready').map((change) => ({
    ...change,
    ...observed,
  }));
  return {
    status: {
      ref: refOf(KeptnApp, app),
      resourceVersion,
      from: app.status,
      to: {
        ...status,
        ...observed,
        conditions: [...withConditions(status.conditions, changes, now)],
      },
    },
  };
}

function versionNameOf({ metadata, spec }: KeptnApp): string {
  return appVersionName(metadata.name, spec.version, metadata.generation ?? 1);
}

function versionOf({ app, context }: AppSeen, name: string): KeptnAppVersion {
  const previous = app.status?.currentVersion;
  return {
    apiVersion: KeptnAppVersion.apiVersion,
    kind: KeptnAppVersion.kind,
    metadata: {
      name,
      namespace: app.metadata.namespace ?? '',
      ownerReferences: [ownedBy(KeptnApp, app)],
    },
    spec: {
      ...context?.spec,
      ...app.spec,
      appName: app.metadata.name,
      ...(previous !== undefined && previous !== app.spec.version && { previousVersion: previous }),
    },
  };
}

function creationFailed(app: KeptnApp, message: string): EventNote {
  const { generation = 1, name } = app.metadata;
  return phaseEvent(
    {
      object: app,
      version: app.spec.version,
      annotations: {
        appName: name,
        appVersion: app.spec.version,
        appRevision: generationHash(generation),
      },
      reportedBy: 'keptnapp-controller',
    },
    { short: 'CreateAppVersion', long: 'Create AppVersion' },
    { suffix: 'Failed', text: `Could not create KeptnAppVersion: ${message}`, type: 'Warning' },
  );
}
