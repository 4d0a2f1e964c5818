import { stage, type Match, type Stage } from './stage.ts';

/**
 * What KWOK, the fake kubelet, makes of Pods. The life of a Pod on a fake node:
 *
 *     Pending ──(1 start)──► Running and Ready ──(4 succeed)──► Succeeded
 *        │                        │    ▲   └─────(5 fail)─────► Failed
 *        ├─(2 image-pull)─► waits │    └──────(6 restart)────── CrashLoopBackOff, again and again
 *        └─(3 not-ready)──► Running, never Ready
 *
 *     deleted: a Pod of a Job that still runs is terminated first (7: Failed, exit code 143), then removed (8).
 *
 * Which way it goes is said by annotations or labels of the Pod; README.md lists them.
 */

// jq: a key is looked up in the annotations, then in the labels.
const asked = (key: string): string =>
  `(.metadata.annotations["sluice.test/${key}"] // .metadata.labels["sluice.test/${key}"])`;

// jq: what becomes of this Pod. With `restarts` a restarting Pod succeeds once it has restarted that often.
const outcome = [
  `(if any(.metadata.ownerReferences[]?; .kind == "Job") then "succeed" else "run" end) as $usual`,
  `| (${asked('outcome')} // $usual) as $outcome`,
  `| (${asked('restarts')} | tonumber? // null) as $limit`,
  `| ([.status.containerStatuses[]?.restartCount] | max // 0) as $restarts`,
  `| if $outcome == "restart" and $limit != null and $restarts >= $limit then "succeed" else $outcome end`,
].join(' ');

const notDeleted: Match = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const deleted: Match = { key: '.metadata.deletionTimestamp', operator: 'Exists' };
const notStarted: Match = { key: '.status.containerStatuses[]?.name', operator: 'DoesNotExist' };
const phase = (...values: string[]): Match => ({ key: '.status.phase', operator: 'In', values });
const outcomeIn = (...values: string[]): Match => ({ key: outcome, operator: 'In', values });
const outcomeNotIn = (...values: string[]): Match => ({ key: outcome, operator: 'NotIn', values });
const ownedByJob = (operator: 'In' | 'NotIn'): Match => ({
  key: '.metadata.ownerReferences[]?.kind',
  operator,
  values: ['Job'],
});

const delayOr = (usual: string): string => `(${asked('delay')} // "${usual}")`;

const condition = (type: string, status: string, reason = '""'): string => `
- type: ${type}
  status: "${status}"
  reason: ${reason}
  lastTransitionTime: {{ $now | Quote }}`;

// Go template: the settings of the Pod that templates read.
const settings = `
{{ $now := Now }}
{{ $annotations := or .metadata.annotations dict }}
{{ $labels := or .metadata.labels dict }}
{{ $message := or (index $annotations "sluice.test/termination-message") (index $labels "sluice.test/termination-message") "" }}
{{ $exitCode := or (index $annotations "sluice.test/exit-code") (index $labels "sluice.test/exit-code") "1" }}
{{ $statuses := or .status.containerStatuses list }}
`;

const addresses = `
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
startTime: {{ $now | Quote }}`;

// Sidecars (init containers that restart always) run on, the others have done their work.
const initialized = `
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  restartCount: 0
  {{ if eq .restartPolicy "Always" }}
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
  {{ else }}
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
  {{ end }}
{{ end }}`;

const running = (ready: boolean): string => `${settings}
phase: Running
conditions:${condition('Initialized', 'True')}${
  ready
    ? condition('Ready', 'True') + condition('ContainersReady', 'True')
    : condition('Ready', 'False', 'ContainersNotReady') +
      condition('ContainersReady', 'False', 'ContainersNotReady')
}
{{ range .spec.readinessGates }}
- type: {{ .conditionType | Quote }}
  status: "${ready ? 'True' : 'False'}"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: ${ready}
  started: ${ready}
  restartCount: 0
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
${initialized}
${addresses}`;

const imagePull = `${settings}
conditions:${condition('Initialized', 'True')}${condition('Ready', 'False', 'ContainersNotReady')}${condition('ContainersReady', 'False', 'ContainersNotReady')}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    waiting:
      reason: ImagePullBackOff
      message: {{ printf "Back-off pulling image %q: ErrImagePull: failed to pull and unpack image %q: not found" .image .image | Quote }}
{{ end }}
${addresses}`;

interface Ending {
  readonly phase: 'Succeeded' | 'Failed';
  readonly exitCode: string;
  readonly reason: string;
  readonly conditionReason: string;
  readonly message: string;
}

const ended = (ending: Ending): string => `${settings}
phase: ${ending.phase}
conditions:${condition('Ready', 'False', ending.conditionReason)}${condition('ContainersReady', 'False', ending.conditionReason)}
containerStatuses:
{{ range $index, $container := .spec.containers }}
{{ $old := dict }}{{ if lt $index (len $statuses) }}{{ $old = index $statuses $index }}{{ end }}
- name: {{ $container.name | Quote }}
  image: {{ $container.image | Quote }}
  ready: false
  started: false
  restartCount: {{ or $old.restartCount 0 }}
  {{ with $old.lastState }}
  lastState: {{ toJson . }}
  {{ end }}
  state:
    terminated:
      exitCode: ${ending.exitCode}
      reason: ${ending.reason}
      message: ${ending.message}
      startedAt: {{ or (dig "state" "running" "startedAt" "" $old) $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}`;

const success: Ending = {
  phase: 'Succeeded',
  exitCode: '0',
  reason: 'Completed',
  conditionReason: 'PodCompleted',
  message: '{{ $message | Quote }}',
};

const failure: Ending = {
  phase: 'Failed',
  exitCode: '{{ $exitCode }}',
  reason: 'Error',
  conditionReason: 'PodFailed',
  message: '{{ $message | Quote }}',
};

const termination: Ending = { ...failure, exitCode: '143', message: '""' };

const restarted = `${settings}
conditions:${condition('Ready', 'False', 'ContainersNotReady')}${condition('ContainersReady', 'False', 'ContainersNotReady')}
containerStatuses:
{{ range $index, $container := .spec.containers }}
{{ $old := dict }}{{ if lt $index (len $statuses) }}{{ $old = index $statuses $index }}{{ end }}
- name: {{ $container.name | Quote }}
  image: {{ $container.image | Quote }}
  ready: false
  started: false
  restartCount: {{ add1 (or $old.restartCount 0 | int) }}
  state:
    waiting:
      reason: CrashLoopBackOff
      message: {{ printf "back-off restarting failed container %s" $container.name | Quote }}
  lastState:
    terminated:
      exitCode: {{ $exitCode }}
      reason: Error
      message: {{ $message | Quote }}
      startedAt: {{ or (dig "state" "running" "startedAt" "" $old) $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}`;

const pending = [notDeleted, phase('Pending'), notStarted];
const alive = [notDeleted, phase('Running')];

/** The stages of Pods, in the order of the drawing. */
export const podStages: readonly Stage[] = [
  stage('start', {
    kind: 'Pod',
    match: [...pending, outcomeNotIn('image-pull', 'not-ready')],
    step: { status: running(true) },
    // A Pod that runs for ever has no end to delay: it is its start that takes time.
    delay: `if (${outcome}) == "run" then ${delayOr('0s')} else "0s" end`,
  }),
  stage('image-pull', {
    kind: 'Pod',
    match: [...pending, outcomeIn('image-pull')],
    step: { status: imagePull },
  }),
  stage('not-ready', {
    kind: 'Pod',
    match: [...pending, outcomeIn('not-ready')],
    step: { status: running(false) },
  }),
  stage('succeed', {
    kind: 'Pod',
    match: [...alive, outcomeIn('succeed')],
    step: { status: ended(success) },
    delay: delayOr('0s'),
  }),
  stage('fail', {
    kind: 'Pod',
    match: [...alive, outcomeIn('fail')],
    step: { status: ended(failure) },
    delay: delayOr('0s'),
  }),
  stage('restart', {
    kind: 'Pod',
    match: [...alive, outcomeIn('restart')],
    step: { status: restarted },
    delay: delayOr('1s'),
  }),
  // The Job controller counts a deleted Pod when it has ended; a kubelet reports that before the Pod is gone.
  stage('terminate', {
    kind: 'Pod',
    match: [deleted, ownedByJob('In'), phase('Pending', 'Running')],
    step: { status: ended(termination) },
  }),
  stage('delete-ended', {
    kind: 'Pod',
    match: [deleted, ownedByJob('In'), phase('Succeeded', 'Failed')],
    step: { delete: true },
  }),
  stage('delete', {
    kind: 'Pod',
    match: [deleted, ownedByJob('NotIn')],
    step: { delete: true },
  }),
];
