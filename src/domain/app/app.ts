import { type Answers, isUnread, refusalOf, unreadOf } from '../answers.ts';
import { defined, isEqualJson } from '../../api/json.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { KeptnApp, type KeptnAppStatus } from '../../api/keptn/app.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { type ObjectRef, refOf, ownedBy } from '../../api/object.ts';
import { keptnAnnotations, singleServiceAppType, sluiceKeys } from '../../api/keptn/annotations.ts';
import { conditionOf, conditionTypes, isTrue, type Progress, withProgress } from '../conditions.ts';
import { hasFailedBefore } from '../check/repeated-checks.ts';
import { versionOfObject } from '../check/definition-version.ts';
import { isGenerated, isGeneratedInNameOnly } from './generated-app.ts';
import {
  hasCurrentName,
  recordedVersion,
  secondAppVersionName,
} from '../phase/newest-app-version.ts';
import { appVersionName, generationHash } from '../names.ts';
import { phaseEvent } from '../phase-event.ts';
import { deleting, type EventNote, nothing, onlyWhile, type Plan, storing } from '../plan.ts';
import { parseTime } from '../time.ts';
import { selectionLabels } from '../selection-labels.ts';

/** What the decision on an app knows of the world. */
export interface AppSeen extends Moment, Answers {
  readonly app: KeptnApp;
  readonly versions: readonly KeptnAppVersion[];
  readonly context: KeptnAppContext | undefined;
  /** Whether Pods of one of its workloads may start in the version that its newest app version lists. */
  readonly isAnyReleased: boolean;
  /** Whether a version that has failed its checks is made again when its context is changed. */
  readonly repeatFailedChecks: boolean;
  /** How long its first version waits for a context, in milliseconds. */
  readonly contextWindowMs: number;
}

/**
 * Makes the app version of every generation of an app (docs/compatibility.md §4.3). The app's context is read live
 * first: a version made without its checks could never be mended (W8). What is applied together arrives in any order, so the
 * first version waits a moment for a context, and one of which nothing has begun is made again when a context comes.
 */
export function decideApp(seen: AppSeen): Plan {
  const { app, versions } = seen;
  if (app.metadata.deletionTimestamp !== undefined) return nothing;
  const candidates = versions.filter((version) => hasCurrentName(version, app));
  const current = candidates.find((version) => isOnRecord(version, seen));
  if (current !== undefined) return made(seen, current);

  const { name, namespace = '' } = app.metadata;
  const contextRef: ObjectRef = { kind: KeptnAppContext, namespace, name };
  // What is created holds for the app as it is live: where that has to be read, too, both are read at once.
  const needed = unreadOf([contextRef, refOf(KeptnApp, app)], seen);
  if (isUnread(contextRef, seen)) return { look: needed };
  const left = candidates.find((version) => isAsMade(version, seen));
  if (left !== undefined) return made(seen, left);
  const contextDueMs = waitsForContextUntil(seen);
  if (seen.now < contextDueMs) return { wakeAfterMs: contextDueMs - seen.now };
  return make(seen, candidates);
}

/** Whether a version is known as ours by more than its name and owner, which anybody can compute. */
function isOnRecord({ metadata: { uid = '' } }: KeptnAppVersion, seen: AppSeen): boolean {
  const { app } = seen;
  const { observedGeneration, currentVersion, appVersionUID } = app.status ?? {};
  if (recordedVersion(app) === uid || seen.made.has(uid)) return true;
  if (appVersionUID !== undefined) return false;
  // Made by Keptn, or before uids were on record.
  if (observedGeneration === undefined) return currentVersion === app.spec.version;
  return observedGeneration === app.metadata.generation && isTrue(app, conditionTypes.ready);
}

/** Whether a version says what would be made now; a process that was stopped before it could record it may have left it. */
function isAsMade({ metadata, spec }: KeptnAppVersion, seen: AppSeen): boolean {
  return isEqualJson(compared(versionOf(seen, metadata.name).spec), compared(spec));
}

/** What an app version says, without what another moment of its creation would change. */
function compared(spec: KeptnAppVersion['spec']): unknown {
  const { previousVersion: _previous, traceId: _trace, ...rest } = spec;
  return rest;
}

/** Makes the version, under its second name if the first one belongs to something else. */
function make(seen: AppSeen, foreign: readonly KeptnAppVersion[]): Plan {
  const { app } = seen;
  const { namespace = '' } = app.metadata;
  const isTaken = (name: string): boolean =>
    foreign.some(({ metadata }) => metadata.name === name) ||
    refusalOf({ kind: KeptnAppVersion, namespace, name }, seen)?.reason === 'NameTaken';
  const names = [versionNameOf(app), secondAppVersionName(app)];
  const versionName = names.find((name) => !isTaken(name));
  if (versionName === undefined) {
    const why = `both names it may have (${names.join(', ')}) belong to something else; delete what has them`;
    return notMade(seen, why);
  }
  const refused = refusalOf({ kind: KeptnAppVersion, namespace, name: versionName }, seen);
  return {
    effects: [{ type: 'create', kind: KeptnAppVersion, object: versionOf(seen, versionName) }],
    ...onlyWhile(KeptnApp, app),
    ...(refused !== undefined &&
      notMade(seen, `KeptnAppVersion ${versionName} could not be created: ${refused.message}`)),
  };
}

/** Until when the first version of an app waits for its context. Workloads that are gathered have waited long enough. */
function waitsForContextUntil(seen: AppSeen): number {
  const { app, versions, context, contextWindowMs } = seen;
  const isGathered = isGenerated(app) && !isSingleService(app);
  if (context !== undefined || versions.length > 0 || isGathered) return 0;
  return onThisClock(parseTime(app.metadata.creationTimestamp) ?? 0, seen) + contextWindowMs;
}

function isSingleService({ metadata }: KeptnApp): boolean {
  return metadata.annotations?.[keptnAnnotations.appType] === singleServiceAppType;
}

function notMade(seen: AppSeen, message: string): Pick<Plan, 'status' | 'events'> {
  return {
    ...write(seen, withoutVersion(seen.app), {
      kind: 'waiting',
      reason: 'AppVersionNotCreated',
      message,
    }),
    events: [creationFailed(seen.app, message)],
  };
}

/** The status without the version of an earlier generation on record: it says nothing of the present one. */
function withoutVersion({ status }: KeptnApp): KeptnAppStatus {
  const { appVersionUID: _uid, ...rest } = status ?? {};
  return rest;
}

function made(seen: AppSeen, current: KeptnAppVersion): Plan {
  const { app } = seen;
  const isTooLate = isContextNews(seen, current);
  if (isTooLate && !hasBegun(seen, current)) return makeAgain(seen, current, 'which came after it');
  if (isMended(seen, current)) {
    return makeAgain(seen, current, 'which was changed since its checks failed');
  }
  const isSecond = current.metadata.name !== versionNameOf(app);
  const message = [
    `KeptnAppVersion ${current.metadata.name} exists`,
    ...(isSecond ? [`the name ${versionNameOf(app)} belongs to something else`] : []),
    ...(isTooLate ? [tooLate(app)] : []),
    ...(isGeneratedInNameOnly(app) ? [notGathered] : []),
  ].join('; ');
  const { uid } = current.metadata;
  const status = {
    ...app.status,
    currentVersion: app.spec.version,
    ...defined({ appVersionUID: uid }),
  };
  const plan = write(seen, status, {
    kind: 'succeeded',
    reason: isSecond ? 'NameTaken' : 'AppVersionCreated',
    message,
  });
  const told = conditionOf(app, conditionTypes.ready)?.message ?? '';
  const events = [
    ...(isTooLate && !told.includes(tooLate(app)) ? [contextTooLate(app)] : []),
    ...(isGeneratedInNameOnly(app) && !told.includes(notGathered) ? [appNotGathered(app)] : []),
  ];
  return events.length > 0 ? { ...plan, events } : plan;
}

/** Whether a context was created after the version was made and says something that the version does not. */
function isContextNews({ context }: AppSeen, { metadata, spec }: KeptnAppVersion): boolean {
  if (context === undefined) return false;
  const isNewer =
    (parseTime(context.metadata.creationTimestamp) ?? 0) >=
    (parseTime(metadata.creationTimestamp) ?? Infinity);
  return isNewer && !isEqualJson(spec, { ...context.spec, ...spec });
}

/** Whether a check of the version was made, or a Pod of one of its workloads may have started: then it stays as it is. */
function hasBegun({ isAnyReleased }: AppSeen, { spec, status }: KeptnAppVersion): boolean {
  const lists = [spec.preDeploymentTasks, spec.preDeploymentEvaluations, spec.preDeploymentChecks];
  return isAnyReleased || isCompleted(status?.status) || lists.some((of = []) => of.length > 0);
}

/**
 * Whether the context was changed since the checks before the deployment have failed by it. One that is deleted changes nothing:
 * a version without checks must not come of that.
 */
function isMended({ context, repeatFailedChecks }: AppSeen, current: KeptnAppVersion): boolean {
  const before = current.metadata.annotations?.[sluiceKeys.appContext];
  if (context === undefined || before === undefined || !repeatFailedChecks) return false;
  return hasFailedBefore(current.status) && versionOfObject(context) !== before;
}

/** The precondition is the version as it was seen: if it has begun meanwhile, it stays. */
function makeAgain(seen: AppSeen, current: KeptnAppVersion, why: string): Plan {
  const ref = refOf(KeptnAppVersion, current);
  if (isUnread(ref, seen)) return { look: [ref] };
  const { name } = seen.app.metadata;
  const message = `KeptnAppVersion ${current.metadata.name} is made again with the checks of KeptnAppContext ${name}, ${why}`;
  return {
    effects: [
      deleting(KeptnAppVersion, current, { asGathered: true, propagation: 'Background' }),
      {
        type: 'event',
        note: { about: seen.app, type: 'Normal', reason: 'AppVersionMadeAgain', message },
      },
    ],
  };
}

function tooLate({ metadata, spec }: KeptnApp): string {
  return `KeptnAppContext ${metadata.name} came when version ${spec.version} had begun, and counts from the next version on`;
}

function contextTooLate(app: KeptnApp): EventNote {
  return { about: app, type: 'Warning', reason: 'AppContextTooLate', message: tooLate(app) };
}

const notGathered =
  'it carries the label app.kubernetes.io/managed-by: keptn, but somebody applies it, so Sluice does not change it: list your workloads in it and remove the label, or delete it and Sluice makes one';

function appNotGathered(app: KeptnApp): EventNote {
  return { about: app, type: 'Warning', reason: 'AppNotGathered', message: notGathered };
}

function write(seen: AppSeen, status: KeptnAppStatus, progress: Progress): Pick<Plan, 'status'> {
  const { app, now } = seen;
  const at = { now, of: app, positive: 'Ready' } as const;
  const conditions = withProgress(status.conditions, progress, at);
  return storing(KeptnApp, app, { ...status, conditions });
}

function versionNameOf({ metadata, spec }: KeptnApp): string {
  return appVersionName(metadata.name, spec.version, metadata.generation ?? 1);
}

/** The version before; the app's status names the present one already where that is made again. */
function previousOf({ app, versions }: AppSeen): string | undefined {
  const { currentVersion } = app.status ?? {};
  if (currentVersion !== app.spec.version) return currentVersion;
  const createdAt = ({ metadata }: KeptnAppVersion): number =>
    parseTime(metadata.creationTimestamp) ?? 0;
  if (versions.some(({ spec }) => spec.version === currentVersion)) return undefined;
  return versions.toSorted((one, other) => createdAt(other) - createdAt(one))[0]?.spec.version;
}

function versionOf(seen: AppSeen, name: string): KeptnAppVersion {
  const { app, context } = seen;
  const { version, revision, workloads, ...outdatedLists } = app.spec;
  const previous = previousOf(seen);
  return {
    apiVersion: KeptnAppVersion.apiVersion,
    kind: KeptnAppVersion.kind,
    metadata: {
      name,
      namespace: app.metadata.namespace ?? '',
      labels: selectionLabels({ app: app.metadata.name, version: app.spec.version }),
      annotations: {
        [sluiceKeys.appContext]: context === undefined ? none : versionOfObject(context),
      },
      ownerReferences: [ownedBy(KeptnApp, app)],
    },
    spec: {
      // Before there were contexts, an application listed its checks itself.
      ...(context?.spec ?? outdatedLists),
      version,
      ...defined({ revision, workloads }),
      appName: app.metadata.name,
      ...(previous !== undefined && previous !== app.spec.version && { previousVersion: previous }),
    },
  };
}

/** In place of the state of a context that there was not. */
const none = 'none';

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
