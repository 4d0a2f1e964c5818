/**
 * The schemas of Keptn's CRDs, version by version, as far as objects of tests go: structural, so that the API server drops what a
 * version does not have, wants what that version required, and fills in its defaults.
 */

type Schema = Readonly<Record<string, unknown>>;
interface Fields {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer' };
const flag: Schema = { type: 'boolean' };
const time: Schema = { type: 'string', format: 'date-time' };
const state: Schema = { type: 'string', default: 'Pending' };
const texts: Schema = { type: 'array', items: text };
const map: Schema = { type: 'object', additionalProperties: text };
const maps: Schema = { type: 'object', additionalProperties: map };
/** A container, which Keptn types down to the last field. */
const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const object = (properties: Fields['properties'], required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
const list = (items: Schema): Schema => ({ type: 'array', items });
const defaulted = (schema: Schema, value: unknown): Schema => ({ ...schema, default: value });

const checks = {
  preDeploymentTasks: texts,
  postDeploymentTasks: texts,
  preDeploymentEvaluations: texts,
  postDeploymentEvaluations: texts,
};
const repeated = { retries: defaulted(count, 10), timeout: defaulted(text, '5m') };
const reference = object({ uid: text, kind: text, name: text }, ['uid', 'kind', 'name']);
const named = object({ name: text }, ['name']);
const workloads = list(object({ name: text, version: text }, ['name', 'version']));

const runtime = (isOld: boolean): Schema =>
  object({
    functionRef: object({ name: text }),
    inline: object({ code: text }),
    httpRef: object({ url: text }),
    configMapRef: object({ name: text }),
    parameters: object({ map }),
    secureParameters: object({ secret: text }),
    ...(!isOld && { cmdParameters: text }),
  });

/** The list of the checks of a phase: before v1alpha2 the keys of its items said whether it was of tasks or evaluations. */
const items = (version: string, of: 'task' | 'evaluation'): Schema =>
  list(
    object({
      ...(version === 'v1alpha1'
        ? { [`${of}DefinitionName`]: text, [`${of}Name`]: text }
        : { definitionName: text, name: text }),
      status: state,
      startTime: time,
      endTime: time,
    }),
  );

const course = (version: string) => ({
  preDeploymentStatus: state,
  preDeploymentEvaluationStatus: state,
  postDeploymentStatus: state,
  postDeploymentEvaluationStatus: state,
  preDeploymentTaskStatus: items(version, 'task'),
  preDeploymentEvaluationTaskStatus: items(version, 'evaluation'),
  postDeploymentTaskStatus: items(version, 'task'),
  postDeploymentEvaluationTaskStatus: items(version, 'evaluation'),
  status: state,
  currentPhase: text,
  phaseTraceIDs: maps,
  startTime: time,
  endTime: time,
});

interface Shape {
  readonly spec: Fields;
  readonly status?: Schema;
}

function workload(isNew: boolean): Fields {
  return {
    properties: {
      app: text,
      version: text,
      ...checks,
      resourceReference: reference,
      ...(isNew && { metadata: map }),
    },
    required: ['app', 'version', 'resourceReference'],
  };
}

function workloadVersion(version: string, isNew: boolean): Shape {
  const { properties, required = [] } = workload(isNew);
  return {
    spec: {
      properties: { ...properties, workloadName: text, previousVersion: text, traceId: map },
      required: [...required, 'workloadName'],
    },
    status: object({
      ...course(version),
      deploymentStatus: state,
      ...(isNew && { appContextMetadata: map, deploymentStartTime: time }),
    }),
  };
}

const contextMembers = {
  workloadName: text,
  appName: text,
  appVersion: text,
  workloadVersion: text,
  taskType: text,
  objectType: text,
};

/** By kind: the shape of a version, and whether it is of the first two, or of the last two. */
const shapes: Readonly<
  Record<string, (version: string, is: { readonly old: boolean; readonly new: boolean }) => Shape>
> = {
  KeptnApp: (version, is) => ({
    spec: {
      properties: {
        version: text,
        workloads,
        ...(version !== 'v1alpha1' && { revision: defaulted(count, 1) }),
        ...(!is.new && checks),
      },
      required: ['version'],
    },
    status: object({ currentVersion: text }),
  }),
  KeptnAppVersion: (version, is) => ({
    spec: {
      properties: {
        version: text,
        workloads,
        ...(version !== 'v1alpha1' && { revision: defaulted(count, 1) }),
        ...checks,
        ...(is.new && { promotionTasks: texts, metadata: map, spanLinks: texts }),
        appName: text,
        previousVersion: text,
        traceId: map,
      },
      required: ['appName', 'version'],
    },
    status: object({
      ...course(version),
      workloadOverallStatus: state,
      workloadStatus: list(object({ workload: open, status: state })),
      ...(is.new && { promotionStatus: state, promotionTaskStatus: items(version, 'task') }),
    }),
  }),
  KeptnAppContext: () => ({
    spec: { properties: { ...checks, promotionTasks: texts, metadata: map, spanLinks: texts } },
    status: object({ status: text }),
  }),
  KeptnAppCreationRequest: () => ({
    spec: { properties: { appName: text }, required: ['appName'] },
    status: text,
  }),
  KeptnWorkload: (_, is) => ({
    spec: workload(is.new),
    status: object({ currentVersion: text }),
  }),
  KeptnWorkloadVersion: (version, is) => workloadVersion(version, is.new),
  KeptnWorkloadInstance: (version, is) => workloadVersion(version, is.new),
  KeptnTask: (_, is) => {
    const context = object(
      { ...contextMembers, ...(is.new && { metadata: map }) },
      is.old ? Object.keys(contextMembers) : [],
    );
    const older = ['app', 'appVersion', 'workload', 'workloadVersion'];
    return {
      spec: {
        properties: {
          taskDefinition: text,
          context,
          parameters: object({ map }),
          secureParameters: object({ secret: text }),
          checkType: text,
          ...(is.old ? Object.fromEntries(older.map((name) => [name, text])) : repeated),
        },
        required: ['taskDefinition', ...(is.old ? ['context', ...older] : [])],
      },
      status: object({
        jobName: text,
        status: state,
        message: text,
        startTime: time,
        endTime: time,
        ...(!is.old && { reason: text }),
      }),
    };
  },
  KeptnTaskDefinition: (version, is) => ({
    spec: {
      properties: {
        ...(version !== 'v1' && { function: runtime(is.old) }),
        ...(!is.old && {
          deno: runtime(false),
          python: runtime(false),
          container: open,
          ...repeated,
          serviceAccount: named,
          automountServiceAccountToken: object({ type: flag }, ['type']),
          ttlSecondsAfterFinished: defaulted(count, 300),
          imagePullSecrets: list(object({ name: defaulted(text, '') })),
        }),
      },
    },
    status: object({ function: object({ configMap: text }) }),
  }),
  KeptnEvaluation: (version) => ({
    spec: {
      properties: {
        workload: text,
        workloadVersion: text,
        appName: text,
        appVersion: text,
        evaluationDefinition: text,
        checkType: text,
        retries: defaulted(count, 10),
        retryInterval: defaulted(text, '5s'),
        ...(version.startsWith('v1alpha') && { failAction: text }),
      },
      required: ['evaluationDefinition', 'workloadVersion'],
    },
    status: open,
  }),
  KeptnEvaluationDefinition: (_, is) => {
    const objective = is.old
      ? object({ name: text, query: text, evaluationTarget: text }, [
          'name',
          'query',
          'evaluationTarget',
        ])
      : object(
          {
            keptnMetricRef: object({ name: text, namespace: text }, ['name']),
            evaluationTarget: text,
          },
          ['keptnMetricRef', 'evaluationTarget'],
        );
    return {
      spec: {
        properties: {
          objectives: list(objective),
          ...(is.old && { source: text }),
          ...(is.new && {
            retries: defaulted(count, 10),
            retryInterval: defaulted(text, '5s'),
          }),
        },
        required: ['objectives', ...(is.old ? ['source'] : [])],
      },
      status: text,
    };
  },
  KeptnEvaluationProvider: (version) => ({
    spec: {
      properties: {
        targetServer: text,
        ...(version === 'v1alpha1'
          ? { secretName: text }
          : { secretKeyRef: object({ name: text, key: text }, ['key']) }),
      },
      required: ['targetServer'],
    },
    status: text,
  }),
  KeptnMetric: (_, is) => ({
    spec: {
      properties: {
        provider: named,
        query: text,
        fetchIntervalSeconds: count,
        ...(!is.old && {
          range: object({ interval: defaulted(text, '5m'), step: text, aggregation: text }),
        }),
      },
      required: ['provider', 'query', 'fetchIntervalSeconds'],
    },
    status: open,
  }),
  KeptnMetricsProvider: (version, is) => ({
    spec: {
      properties: {
        ...(!is.old && { type: text }),
        targetServer: text,
        secretKeyRef: object({ name: text, key: text }, ['key']),
        ...(version === 'v1' && { insecureSkipTlsVerify: defaulted(flag, false) }),
      },
      required: ['targetServer'],
    },
    status: text,
  }),
};

/** The schema of a kind in a version; one that keeps every field where no test has objects of that kind. */
export function keptnSchema(kind: string, version: string): Schema {
  const shape = shapes[kind]?.(version, {
    old: version === 'v1alpha1' || version === 'v1alpha2',
    new: version === 'v1beta1' || version === 'v1',
  });
  if (shape === undefined) return object({ spec: open, status: open });
  const { properties, required } = shape.spec;
  return object({ spec: object(properties, required), status: shape.status ?? open });
}
