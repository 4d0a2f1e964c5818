import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { type Mode, modeIn } from '../../api/keptn/mode.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import type { JobOptions } from '../../api/keptn/job-options.ts';
import type { PromotionFailurePolicy } from '../../api/keptn/promotion.ts';
import { collectorProblem } from './collector-address.ts';
import { type ConditionChange, conditionTypes, observed, withConditions } from '../conditions.ts';
import { type Deadlines, noDeadlines } from '../deadline.ts';
import { durationOr } from '../go/duration.ts';
import { type Plan, storing } from '../plan.ts';
import { deadlinesFrom } from './deadlines.ts';
import { defaultRetention, type RetentionLimits } from './retention-limits.ts';
import type { FunctionRetries } from '../job/runner-image.ts';
import { defined } from '../../api/json.ts';

/** What applies to the whole cluster: the ruling KeptnConfig with its gaps filled. */
export interface Settings {
  /** false: a failed check is a Warning and holds nothing. */
  readonly blockDeployment: boolean;
  /** What a failed check does by the annotation `sluice.keptn.sh/mode`, which comes before `blockDeployment`. */
  readonly mode: Mode | undefined;
  /** The mildest mode that a namespace or definition can have (annotation `sluice.keptn.sh/minimum-mode`). */
  readonly minimumMode: Mode;
  /** How long a deployment may make no progress, in milliseconds; 0: for ever. */
  readonly observabilityTimeoutMs: number;
  /** Whether progress deadlines that checks may outlast are raised at admission without being asked for. */
  readonly raiseProgressDeadline: boolean;
  /** How long other waits may last. */
  readonly deadlines: Deadlines;
  /** The discovery window: how long workloads are gathered before their KeptnApp is made, in milliseconds. */
  readonly appCreationRequestTimeoutMs: number;
  readonly promotionTasksEnabled: boolean;
  /** Whether a workload without a version takes the tag of its only container's image. */
  readonly versionFromImageTag: boolean;
  /** Whether a version that has failed is checked again when the definition of a failed check is changed. */
  readonly repeatFailedChecks: boolean;
  /** Jobs of gate tasks that may run in one namespace at once; undefined is no cap. */
  readonly maxJobsPerNamespace: number | undefined;
  /** Who repeats failed functions; undefined leaves it to the runner image. */
  readonly functionRetries: FunctionRetries | undefined;
  /** What Jobs get where their definition does not say it. */
  readonly jobDefaults: JobOptions;
  /** How many follow-up tasks may follow one another; 0 switches them off. */
  readonly maxFollowUpDepth: number;
  /** How many follow-up tasks one check or version may have in all. */
  readonly maxFollowUps: number;
  /** How long the first version of an app waits for a context that is not there, in milliseconds. */
  readonly appContextWindowMs: number;
  /** After so many versions of a generated app that were superseded in a row the next one is not; undefined: never. */
  readonly promotionAfterSupersessions: number | undefined;
  /** How much of what is over is kept. */
  readonly retention: RetentionLimits;
  /** How old a value may be when it is judged, in milliseconds; undefined: two fetch intervals of its metric. */
  readonly maxValueAgeMs: number | undefined;
  /** How long after the start of a deployment values count in post-deployment evaluations, in milliseconds. */
  readonly minTimeAfterDeploymentMs: number;
  /** What a failed promotion task means where its KeptnAppContext does not say it. */
  readonly promotionFailurePolicy: PromotionFailurePolicy;
  /** Whether what would be a warning of admission is refused. */
  readonly strictValidation: boolean;
  /** Hosts that providers and downloads may use and no others; undefined is no restriction. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Empty: no CloudEvents. */
  readonly cloudEventsEndpoint: string;
  /** Empty: no traces. */
  readonly otelCollectorUrl: string;
}

/** What applies while there is no KeptnConfig (Keptn's defaults). */
export const defaultSettings: Settings = {
  blockDeployment: true,
  mode: undefined,
  minimumMode: 'observe',
  observabilityTimeoutMs: 5 * 60_000,
  raiseProgressDeadline: false,
  deadlines: noDeadlines,
  appCreationRequestTimeoutMs: 30_000,
  promotionTasksEnabled: true,
  versionFromImageTag: false,
  repeatFailedChecks: true,
  maxJobsPerNamespace: 50,
  functionRetries: undefined,
  jobDefaults: {},
  maxFollowUpDepth: 3,
  maxFollowUps: 32,
  appContextWindowMs: 2_000,
  promotionAfterSupersessions: 5,
  retention: defaultRetention,
  maxValueAgeMs: undefined,
  minTimeAfterDeploymentMs: 0,
  promotionFailurePolicy: 'Fail',
  strictValidation: false,
  allowedHosts: undefined,
  cloudEventsEndpoint: '',
  otelCollectorUrl: '',
};

/** Whether a KeptnConfig outside of the operator's namespace may count (Keptn's way), and then for Keptn's own fields only. */
export interface ConfigScope {
  readonly configsAnywhere?: boolean;
}

/**
 * The settings in force. A KeptnConfig that is deleted takes its settings with it. Without the scope, what a KeptnConfig
 * elsewhere may set has its default.
 */
export function settingsFrom(
  configs: readonly KeptnConfig[],
  operatorNamespace: string,
  scope: ConfigScope = {},
): Settings {
  const ruling = rulingConfig(configs, operatorNamespace, scope);
  const spec = ruling && honoured(ruling, operatorNamespace);
  const otherwise = defaultSettings;
  if (spec === undefined) return otherwise;
  const seconds = spec.keptnAppCreationRequestTimeoutSeconds;
  return {
    blockDeployment: spec.blockDeployment ?? otherwise.blockDeployment,
    mode: annotatedMode(sluiceKeys.mode, ruling, operatorNamespace),
    minimumMode:
      annotatedMode(sluiceKeys.minimumMode, ruling, operatorNamespace) ?? otherwise.minimumMode,
    observabilityTimeoutMs: durationOr(spec.observabilityTimeout, otherwise.observabilityTimeoutMs),
    raiseProgressDeadline: spec.raiseProgressDeadline ?? otherwise.raiseProgressDeadline,
    deadlines: deadlinesFrom([spec.deadlines], otherwise.deadlines),
    appCreationRequestTimeoutMs:
      seconds === undefined || seconds < 0 ? otherwise.appCreationRequestTimeoutMs : seconds * 1000,
    promotionTasksEnabled: spec.promotionTasksEnabled ?? otherwise.promotionTasksEnabled,
    versionFromImageTag: spec.versionFromImageTag ?? otherwise.versionFromImageTag,
    repeatFailedChecks: spec.repeatFailedChecks ?? otherwise.repeatFailedChecks,
    maxJobsPerNamespace: limitOf(spec.maxJobsPerNamespace ?? otherwise.maxJobsPerNamespace),
    functionRetries: spec.functionRetries,
    jobDefaults: spec.job ?? otherwise.jobDefaults,
    maxFollowUpDepth: spec.maxFollowUpDepth ?? otherwise.maxFollowUpDepth,
    maxFollowUps: spec.maxFollowUps ?? otherwise.maxFollowUps,
    appContextWindowMs: Math.max(
      0,
      durationOr(spec.appContextWindow, otherwise.appContextWindowMs),
    ),
    promotionAfterSupersessions: limitOf(
      spec.promotionAfterSupersessions ?? otherwise.promotionAfterSupersessions,
    ),
    retention: retentionFrom(spec),
    maxValueAgeMs: maxValueAgeIn(spec),
    minTimeAfterDeploymentMs: durationOr(
      spec.minTimeAfterDeployment,
      otherwise.minTimeAfterDeploymentMs,
    ),
    promotionFailurePolicy: spec.promotionFailurePolicy ?? otherwise.promotionFailurePolicy,
    strictValidation: spec.strictValidation ?? otherwise.strictValidation,
    allowedHosts: spec.allowedHosts,
    cloudEventsEndpoint: spec.cloudEventsEndpoint ?? otherwise.cloudEventsEndpoint,
    otelCollectorUrl: spec.OTelCollectorUrl ?? otherwise.otelCollectorUrl,
  };
}

/** Sluice's own settings count in the operator's namespace alone. */
function annotatedMode(
  key: string,
  config: KeptnConfig | undefined,
  operatorNamespace: string,
): Mode | undefined {
  const { namespace, annotations = {} } = config?.metadata ?? {};
  return namespace === operatorNamespace ? modeIn(annotations[key]) : undefined;
}

/** 0 switches a limit off. */
function limitOf(limit: number | undefined): number | undefined {
  return limit === 0 ? undefined : limit;
}

function retentionFrom({ retention = {} }: KeptnConfig['spec']): RetentionLimits {
  const otherwise = defaultRetention;
  const { versions, maxAge, unusedApps, suspend } = retention;
  // A limit that cannot be read must not delete more than intended.
  const maxAgeMs = durationOr(maxAge, Infinity);
  return {
    versions: versions ?? otherwise.versions,
    maxAgeMs: Number.isFinite(maxAgeMs) && maxAgeMs >= 0 ? maxAgeMs : undefined,
    unusedAppMs: Math.max(0, durationOr(unusedApps, otherwise.unusedAppMs)),
    suspended: suspend ?? otherwise.suspended,
  };
}

/** Undefined where nothing is set, and for text that is no duration, or a negative one. */
function maxValueAgeIn({ maxValueAge }: KeptnConfig['spec']): number | undefined {
  const ms = durationOr(maxValueAge, -1);
  return ms >= 0 ? ms : defaultSettings.maxValueAgeMs;
}

/**
 * What of a KeptnConfig counts: all of it in the operator's namespace, elsewhere Keptn's own fields alone. Never the job
 * options, which would mount volumes into the Jobs of all tenants, nor the collector, which would get everybody's traces.
 */
function honoured({ metadata, spec }: KeptnConfig, operatorNamespace: string): KeptnConfig['spec'] {
  if (metadata.namespace === operatorNamespace) return spec;
  const { blockDeployment, observabilityTimeout, cloudEventsEndpoint } = spec;
  const { keptnAppCreationRequestTimeoutSeconds } = spec;
  return {
    ...defined({
      blockDeployment,
      observabilityTimeout,
      cloudEventsEndpoint,
      keptnAppCreationRequestTimeoutSeconds,
    }),
  };
}

/**
 * The one KeptnConfig that counts: one in the operator's namespace, because a user who may write in some namespace must not rule
 * the cluster. Only if there is none and the scope says so, one from elsewhere. Among equals the oldest, then the first by
 * name.
 */
export function rulingConfig(
  configs: readonly KeptnConfig[],
  operatorNamespace: string,
  { configsAnywhere = false }: ConfigScope = {},
): KeptnConfig | undefined {
  const own = configs.filter(({ metadata }) => metadata.namespace === operatorNamespace);
  const candidates = own.length > 0 || !configsAnywhere ? own : configs;
  return candidates.toSorted(byAgeThenName)[0];
}

function byAgeThenName(one: KeptnConfig, other: KeptnConfig): number {
  // RFC 3339 in UTC with whole seconds, as the API server writes it, sorts as text.
  const key = ({ metadata }: KeptnConfig) =>
    [metadata.creationTimestamp ?? '', nameOf(metadata)].join(' ');
  return key(one) < key(other) ? -1 : Number(key(one) > key(other));
}

const nameOf = (metadata: { namespace?: string; name: string }): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

export interface ConfigObservation extends ConfigScope {
  readonly now: number;
  readonly config: KeptnConfig;
  /** All of the cluster, `config` among them. */
  readonly configs: readonly KeptnConfig[];
  readonly operatorNamespace: string;
}

/** Says on a KeptnConfig whether it rules and, if not, which one does. */
export function decideConfig(observation: ConfigObservation): Plan {
  const { now, config } = observation;
  const { metadata, status } = config;
  if (metadata.deletionTimestamp !== undefined) return {};
  const changes = statements(observation);
  const conditions = withConditions(
    status?.conditions,
    changes.map((change) => ({ ...change, ...observed(config) })),
    now,
  );
  return storing(KeptnConfig, config, { ...status, conditions });
}

type Statement = Omit<ConditionChange, 'observedGeneration'>;

function statements(observation: ConfigObservation): readonly Statement[] {
  const { config, configs, operatorNamespace } = observation;
  const ruling = rulingConfig(configs, operatorNamespace, observation);
  if (ruling?.metadata.uid === config.metadata.uid) return rules(config, operatorNamespace);
  return config.metadata.namespace === operatorNamespace && ruling !== undefined
    ? ignored('AnotherRules', `KeptnConfig ${nameOf(ruling.metadata)} rules, which is older.`)
    : ignored(
        'OtherNamespace',
        `Only a KeptnConfig in namespace ${operatorNamespace}, where Sluice runs, rules the cluster. Move this one there.`,
      );
}

function rules({ metadata, spec }: KeptnConfig, operatorNamespace: string): readonly Statement[] {
  const type = conditionTypes.ready;
  const isOwn = metadata.namespace === operatorNamespace;
  const problem = problemOf(spec);
  const ready: Statement =
    problem === undefined
      ? {
          type,
          status: 'True',
          reason: 'Rules',
          message: isOwn
            ? 'The settings of this KeptnConfig apply to the whole cluster.'
            : `Keptn's own settings of this KeptnConfig apply to the whole cluster, until there is one in namespace ${operatorNamespace}; its job options, its collector and Sluice's settings do not.`,
        }
      : { type, status: 'False', ...problem };
  const notIgnored: Statement = {
    type: conditionTypes.ignored,
    status: 'False',
    reason: 'Rules',
    message: 'No other KeptnConfig takes precedence.',
  };
  return [ready, notIgnored];
}

/** The first setting that cannot be read, and what applies instead. */
function problemOf(
  spec: KeptnConfig['spec'],
): { readonly reason: string; readonly message: string } | undefined {
  const timeout = spec.observabilityTimeout;
  // NaN is no duration's value, so it stands for a text that is none.
  if (timeout !== undefined && Number.isNaN(durationOr(timeout, Number.NaN))) {
    return {
      reason: 'DurationInvalid',
      message: `spec.observabilityTimeout "${timeout}" is no duration, so 5m applies: write for example 90s, 5m or 1h30m.`,
    };
  }
  const why = collectorProblem(spec.OTelCollectorUrl);
  return why === undefined
    ? undefined
    : { reason: 'CollectorInvalid', message: `spec.OTelCollectorUrl: ${why}. Nothing is traced.` };
}

function ignored(reason: string, message: string): readonly Statement[] {
  return [
    { type: conditionTypes.ready, status: 'False', reason, message },
    { type: conditionTypes.ignored, status: 'True', reason, message },
  ];
}
