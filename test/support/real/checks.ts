import type { Check } from './tasks.ts';
import { busyboxImage } from '../../node/base-images.ts';

const bash = (code: string) => ({ bash: { inline: { code } } });
const busybox = (command: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
  container: { name: 'check', image: busyboxImage, command, ...more },
});

/** Functions that end well, in the image of their language. */
export const passing: readonly Check[] = [
  {
    name: 'deno-passes',
    spec: {
      deno: { inline: { code: 'export default () => ({ sum: 1 + 2, by: Deno.version.deno });' } },
    },
  },
  {
    name: 'python-passes',
    spec: {
      python: {
        inline: {
          code: 'import json, os, requests, yaml\njson.dump({"sum": 3}, open(os.environ["KEPTN_RESULT"], "w"))',
        },
      },
    },
  },
  {
    name: 'bash-passes',
    spec: bash('jq --null-input --argjson sum 3 \'{$sum}\' >"$KEPTN_RESULT"'),
  },
  { name: 'container-passes', spec: busybox(['sh', '-c', 'echo all is well']) },
];

/** What fails by itself, or takes too long. */
export const failing: readonly Check[] = [
  {
    name: 'deno-fails',
    spec: { deno: { inline: { code: 'throw new Error("no stock left");' } } },
  },
  {
    name: 'python-fails',
    spec: {
      python: {
        inline: { code: 'import sys\nprint("no stock left", file=sys.stderr)\nsys.exit(3)' },
      },
    },
  },
  { name: 'bash-fails', spec: bash('echo no stock left >&2; exit 3') },
  { name: 'container-fails', spec: busybox(['sh', '-c', 'echo no stock left >&2; exit 3']) },
  {
    name: 'passes-at-the-third-attempt',
    spec: {
      ...bash('echo attempt $KEPTN_ATTEMPT >&2; [ "$KEPTN_ATTEMPT" = 3 ]'),
      retries: 3,
      retryInterval: '100ms',
    },
  },
  {
    name: 'container-passes-at-the-second-start',
    spec: {
      ...busybox(
        ['sh', '-c', 'test -e /data/seen || { touch /data/seen; echo not yet >&2; exit 4; }'],
        {
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ),
      retries: 3,
    },
  },
  {
    name: 'container-with-one-retry',
    spec: {
      ...busybox(['sh', '-c', 'test -e /data/seen && exec sleep 8; touch /data/seen; exit 4'], {
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
      retries: 1,
    },
  },
  { name: 'attempt-too-long', spec: { ...bash('sleep 60'), attemptTimeout: '2s' } },
  { name: 'function-too-long', spec: { ...bash('sleep 60'), timeout: '5s' } },
  // Long enough for a container to have begun, also where twenty Pods begin at once.
  { name: 'container-too-long', spec: { ...busybox(['sleep', '300']), timeout: '20s' } },
];

/** What the node does not start, or ends. */
export const troubled: readonly Check[] = [
  {
    name: 'container-out-of-memory',
    spec: busybox(['sh', '-c', 'tail /dev/zero'], { resources: { limits: { memory: '32Mi' } } }),
  },
  {
    name: 'function-out-of-memory',
    spec: {
      ...bash('head --bytes=400M /dev/zero | tail'),
      job: { resources: { limits: { memory: '200Mi' } } },
    },
  },
  {
    name: 'image-missing',
    spec: { container: { name: 'check', image: 'sluice.test/absent:1', command: ['true'] } },
  },
  {
    name: 'image-never-pulled',
    spec: {
      container: {
        name: 'check',
        image: 'sluice.test/absent:2',
        imagePullPolicy: 'Never',
        command: ['true'],
      },
    },
  },
  {
    name: 'image-name-invalid',
    spec: { container: { name: 'check', image: 'No Such Image', command: ['true'] } },
  },
  {
    name: 'secret-missing',
    spec: {
      ...bash('true'),
      bash: { inline: { code: 'true' }, secureParameters: { secret: 'absent' } },
    },
  },
  {
    name: 'command-missing',
    spec: busybox(['/no/such/program']),
  },
  {
    name: 'unschedulable',
    spec: busybox(['true'], { resources: { requests: { cpu: '4000' } } }),
  },
];
