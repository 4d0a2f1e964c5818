import { type Container, type Job, JobKind, type Pod } from '../../api/builtin.ts';
import { controllerOf, type KubernetesObject } from '../../api/object.ts';
import { isLostRun } from '../job/lost-run.ts';
import { parseTime } from '../time.ts';
import { exitWasTheEnd } from './job-outcome.ts';
import { endOfJob, type JobEnd } from './job-stage.ts';

/*
 * The end of a Pod is the end of its task. The Job controller collects the ends of Pods and reports them a second later; where no
 * other end can follow, that second is not waited for.
 *
 * Why a Pod's word is taken. A person who may create Pods in a namespace can write any owner, label and status; no field of a Pod proves
 * who made it. So nothing is concluded from a Pod that the Job controller would not conclude from the same Pod itself:
 *
 * - It counts only Pods of its own: controlled by the Job's uid, selected by the label with that uid, and with the finalizer that
 *   it removes when it has counted them. All three are asked for here.
 * - Beyond that the Pod must have the name it would have been given, run the programs of the Job's template (image, command and
 *   arguments; a template cannot be changed), be the only Pod of the Job, and be younger than the Job. The controller itself asks
 *   for none of these: what is forged more easily than its own answer is left to its answer.
 *
 * What does not fit in any point is waited for as before: a Pod can make the end come sooner, never make it another one.
 */

/** By which the Job controller keeps a Pod until it has counted its end. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** By which a Job selects its Pods. */
export const jobUidLabel = 'batch.kubernetes.io/controller-uid';

/** How a Job will end, by the one Pod that it has; undefined where that cannot be told, or not from this Pod. */
export function endOfPod(job: Job, pods: readonly Pod[], container?: string): JobEnd | undefined {
  const [pod, ...others] = pods;
  if (pod === undefined || others.length > 0) return undefined;
  if (!isUndisturbed(job) || !isMadeFor(job, pod)) return undefined;
  return judged(job, pod, container);
}

/** Whether a Job will end by itself, because the one Pod it has had leaves nothing to repeat. */
export function endsByItself(job: Job, pods: readonly Pod[], container?: string): boolean {
  const [pod, ...others] = pods;
  return pod !== undefined && others.length === 0 && judged(job, pod, container) !== undefined;
}

/** A Job of a single Pod that nothing ends, holds back or has ended. */
function isUndisturbed(job: Job): boolean {
  const { spec, status, metadata } = job;
  const isTrue = status?.conditions?.some(
    ({ type, status: is }) => is === 'True' && type !== 'SuccessCriteriaMet',
  );
  return (
    endOfJob(job) === undefined &&
    isTrue !== true &&
    metadata.deletionTimestamp === undefined &&
    spec.suspend !== true &&
    (spec['completions'] ?? 1) === 1 &&
    (spec['parallelism'] ?? 1) === 1 &&
    (spec['completionMode'] ?? 'NonIndexed') === 'NonIndexed' &&
    spec['manualSelector'] !== true &&
    spec['successPolicy'] === undefined &&
    (spec['managedBy'] ?? jobController) === jobController
  );
}

const jobController = 'kubernetes.io/job-controller';

function isMadeFor(job: Job, pod: Pod): boolean {
  const { name, uid = '' } = job.metadata;
  const { metadata } = pod;
  const owner = controllerOf(pod);
  return (
    uid !== '' &&
    owner?.uid === uid &&
    owner.kind === JobKind.kind &&
    owner.apiVersion === JobKind.apiVersion &&
    metadata.generateName === `${name}-` &&
    metadata.labels?.[jobUidLabel] === uid &&
    metadata.finalizers?.includes(trackingFinalizer) === true &&
    metadata.deletionTimestamp === undefined &&
    createdAt(pod) >= createdAt(job) &&
    runsPrograms(job, pod)
  );
}

function createdAt({ metadata }: KubernetesObject): number {
  return parseTime(metadata.creationTimestamp) ?? Number.NaN;
}

/** Whether every program of the Job's template runs in the Pod as it stands there. Others may have added containers. */
function runsPrograms({ programs }: Job, { spec }: Pod): boolean {
  const run: readonly Container[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const wanted = Object.entries(programs ?? {});
  return (
    wanted.length > 0 &&
    wanted.every(([name, program]) =>
      run.some((container) => container.name === name && container.program === program),
    )
  );
}

function judged(job: Job, pod: Pod, container: string | undefined): JobEnd | undefined {
  if (pod.status?.phase === 'Succeeded') return success(job, pod, container);
  return pod.status?.phase === 'Failed' ? failure(job, pod, container) : undefined;
}

/** Not for one that ended after its deadline: the Job controller was late, and will say so. */
function success(job: Job, pod: Pod, container: string | undefined): JobEnd | undefined {
  const ended = endOfContainer(pod, container);
  if (ended?.exitCode !== 0) return undefined;
  const { activeDeadlineSeconds = Infinity } = job.spec;
  const startedAt = parseTime(job.status?.startTime) ?? createdAt(job);
  if ((parseTime(ended.finishedAt) ?? 0) > startedAt + activeDeadlineSeconds * 1000)
    return undefined;
  const message = `Pod ${pod.metadata.name} of Job ${job.metadata.name} completed`;
  return { succeeded: true, reason: 'Succeeded', message };
}

/** A failure after which the Job controller makes no other Pod, in the words in which it is going to say so (1.30 to 1.36). */
function failure(job: Job, pod: Pod, container: string | undefined): JobEnd | undefined {
  const { name, namespace = '' } = pod.metadata;
  const ended = endOfContainer(pod, container);
  if (job.spec['podFailurePolicy'] === undefined) {
    const isLast = job.spec.backoffLimit === 0 && pod.spec?.['restartPolicy'] === 'Never';
    if (!isLast) return undefined;
    const message = 'Job has reached the specified backoff limit';
    return { succeeded: false, reason: 'BackoffLimitExceeded', message, jobMessage: message };
  }
  const isDisrupted = pod.status?.conditions?.some(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  if (ended === undefined || ended.exitCode === 0 || isLostRun(ended) || isDisrupted === true)
    return undefined;
  const message = `Container ${container} for pod ${namespace}/${name} failed with exit code ${ended.exitCode} matching FailJob rule at index 1`;
  return { succeeded: false, reason: exitWasTheEnd, message, jobMessage: message };
}

function endOfContainer({ status }: Pod, container: string | undefined) {
  return status?.containerStatuses?.find(({ name }) => name === container)?.state?.terminated;
}
