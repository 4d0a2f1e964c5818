import { stage, type Stage } from './stage.ts';

const nodeConditions = `
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $since | Quote }}
{{ end }}`;

const nodeTimes = `
{{ $now := Now }}
{{ $since := or .metadata.creationTimestamp $now }}`;

const nodeReady = `.status.conditions[]? | select(.type == "Ready") | .status`;

const nodeStatus = `${nodeTimes}${nodeConditions}
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ NodeName | Quote }}
allocatable: &resources
  cpu: "1000"
  memory: 4Ti
  pods: "10000"
capacity: *resources
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: {{ printf "kwok-%s" Version }}
  kernelVersion: {{ printf "kwok-%s" Version }}
  kubeProxyVersion: {{ printf "kwok-%s" Version }}
  kubeletVersion: {{ printf "kwok-%s" Version }}
  machineID: ""
  operatingSystem: linux
  osImage: ""
  systemUUID: ""
phase: Running`;

/** What KWOK makes of nodes: they become ready once, with plenty of room, and stay so. */
export const nodeStages: readonly Stage[] = [
  stage('ready', {
    kind: 'Node',
    match: [{ key: nodeReady, operator: 'NotIn', values: ['True'] }],
    step: { status: nodeStatus },
  }),
  stage('heartbeat', {
    kind: 'Node',
    match: [{ key: nodeReady, operator: 'In', values: ['True'] }],
    step: { status: `${nodeTimes}${nodeConditions}` },
    everyMs: 60_000,
  }),
];
