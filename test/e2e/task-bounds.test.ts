import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import type { KeptnTaskStatus } from '../../src/api/keptn/task.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';
import { addingSidecars, sidecars } from '../support/real/mesh.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { serveFile } from '../support/real/web.ts';
import { type Check, startChecks, taskStatus } from '../support/real/tasks.ts';

/** What a namespace, a definition or somebody else's sidecar puts around a check, on a real node. */

const bash = (code: string) => ({ bash: { inline: { code } } });

const secret = (name: string, stringData: Readonly<Record<string, string>>): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

const checks: readonly Check[] = [
  {
    name: 'root-read-only',
    spec: {
      ...bash('id -u; touch /tmp/here; if touch /usr/here; then exit 9; fi'),
      job: {
        securityContext: { readOnlyRootFilesystem: true },
        volumes: [{ name: 'tmp', emptyDir: {} }],
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    },
  },
  {
    name: 'ten-megabytes',
    spec: bash('head --bytes=10M /dev/zero | tr "\\0" x; echo; echo the last line >&2; exit 3'),
  },
  {
    name: 'secrets',
    beside: [secret('slack', { SECURE_DATA: 'hush' }), secret('github', { token: 'quiet' })],
    spec: {
      bash: {
        inline: {
          code: '[ "$SECURE_DATA $GITHUB_TOKEN" = "hush quiet" ] && jq --null-input --arg data "$DATA" \'{$data}\' >"$KEPTN_RESULT"',
        },
        parameters: { map: { url: 'https://shop.example' } },
        secureParameters: {
          secret: 'slack',
          secrets: [{ name: 'github', key: 'token', env: 'GITHUB_TOKEN' }],
        },
      },
    },
  },
  {
    name: 'code-of-a-config-map',
    beside: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'script' },
        data: { code: 'export default () => ({ from: "a ConfigMap" });' },
      },
    ],
    spec: { deno: { configMapRef: { name: 'script' } } },
  },
  {
    name: 'config-map-missing',
    spec: { deno: { configMapRef: { name: 'absent' } } },
  },
  {
    name: 'fork-bomb',
    spec: {
      ...bash('bomb() { bomb | bomb & }; bomb; sleep 60'),
      attemptTimeout: '4s',
      job: { resources: { limits: { cpu: '200m', memory: '256Mi' } } },
    },
  },
  {
    name: 'no-token',
    spec: bash('[ ! -e /var/run/secrets/kubernetes.io/serviceaccount/token ]'),
  },
];

/** A kubelet ends a native sidecar, and the Job ends by itself. Beside another container it does not, and Sluice says in its place how it ended. */
const saidOfFailure = {
  'native sidecar': {
    message: expect.stringContaining('failed with exit code 3 matching FailJob rule'),
    evidence: { message: 'exit code 3: no stock left' },
  },
  'sidecar container': { message: 'exit code 3: no stock left' },
};

describe.runIf(whyNoRealSluice() === undefined)('a check on a real node', () => {
  let sluice: RealSluice;
  let namespace: string;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
    // All of it under the level that forbids most.
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    ({ name: namespace } = await sluice.cluster.namespace({ labels }));
    await startChecks(sluice.cluster, namespace, checks);
  });

  const ended = (name: string, is?: (status: KeptnTaskStatus) => boolean) =>
    taskStatus(sluice.cluster, { namespace, name }, is);

  describe('in a namespace of the restricted Pod Security level', () => {
    it('runs with a root file system that cannot be written', async () => {
      expect(await ended('root-read-only')).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    });

    it('may say ten megabytes; its last line of errors is told', async () => {
      expect(await ended('ten-megabytes')).toMatchObject({
        status: 'Failed',
        reason: 'FunctionFailed',
        exitCode: 3,
        evidence: { message: 'exit code 3: the last line' },
      });
    });

    it('gets Secrets in several variables, and parameters', async () => {
      expect(await ended('secrets')).toMatchObject({
        status: 'Succeeded',
        result: { data: '{"url":"https://shop.example"}' },
      });
    });

    it('runs the code of a ConfigMap', async () => {
      expect(await ended('code-of-a-config-map')).toMatchObject({
        status: 'Succeeded',
        result: { from: 'a ConfigMap' },
      });
    });

    it('names the ConfigMap that is missing', async () => {
      const status = await ended('config-map-missing', ({ message = '' }) =>
        message.includes('absent'),
      );
      expect(status.message).toContain('absent');
    });

    it('a fork bomb stays in its Pod, and the attempt ends at its limit', async () => {
      const status = await ended('fork-bomb');
      expect(status.status).toBe('Failed');
      expect(['AttemptTimeout', 'OutOfMemory', 'FunctionFailed']).toContain(status.reason);
    });

    it('has no token of the default service account', async () => {
      expect(await ended('no-token')).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    });
  });

  it('waits for room in a quota, says so in the words of the API server, and runs when there is room', async () => {
    await using own = await sluice.cluster.namespace();
    const quota = (pods: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few', namespace: own.name },
      spec: { hard: { pods } },
    });
    await sluice.cluster.apply(quota('0'));
    await startChecks(sluice.cluster, own.name, [{ name: 'waits', spec: bash('true') }]);
    const place = { namespace: own.name, name: 'waits' };
    const waiting = await taskStatus(
      sluice.cluster,
      place,
      ({ reason }) => reason === 'QuotaExceeded',
    );
    expect(waiting.message).toContain('exceeded quota: few, requested: pods=1, used: pods=0');
    await sluice.cluster.apply(quota('1'));
    expect(await taskStatus(sluice.cluster, place)).toMatchObject({ status: 'Succeeded' });
  });

  it('is evicted in the middle: another Pod does it, and the task says so meanwhile', async () => {
    await using own = await sluice.cluster.namespace();
    await startChecks(sluice.cluster, own.name, [{ name: 'moves', spec: bash('sleep 8') }]);
    const first = await eventually('its Pod runs', async () => {
      const pods = await sluice.cluster.list(PodKind, { namespace: own.name });
      return pods.find(({ status }) => status?.phase === 'Running');
    });
    const { name } = first.metadata;
    await sluice.cluster.request(`/api/v1/namespaces/${own.name}/pods/${name}/eviction`, {
      method: 'POST',
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
    });
    const place = { namespace: own.name, name: 'moves' };
    const status = await taskStatus(sluice.cluster, place);
    expect(status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    expect(status.attempts).toHaveLength(1);
  });

  it.each(sidecars)('a %s of others that never ends keeps no task from ending', async (sidecar) => {
    await using own = await sluice.cluster.namespace();
    await using _ = await addingSidecars(sluice, own.name, sidecar);
    await startChecks(sluice.cluster, own.name, [
      { name: 'meshed', spec: bash('echo 3 >"$KEPTN_RESULT"') },
      { name: 'meshed-and-failing', spec: bash('echo no stock left >&2; exit 3') },
    ]);
    const at = (name: string) => ({ namespace: own.name, name });
    expect(await taskStatus(sluice.cluster, at('meshed'))).toMatchObject({
      status: 'Succeeded',
      exitCode: 0,
      result: 3,
    });
    expect(await taskStatus(sluice.cluster, at('meshed-and-failing'))).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      exitCode: 3,
      ...saidOfFailure[sidecar],
    });
  });

  it('runs code of a URL whose checksum is right, and none of another', async () => {
    await using own = await sluice.cluster.namespace();
    const code = 'export default () => ({ from: "a URL" });';
    const url = await serveFile(sluice.cluster, own.name, { name: 'check.ts', content: code });
    const httpRef = (sha256: string) => ({ deno: { httpRef: { url, sha256 } } });
    const right = createHash('sha256').update(code).digest('hex');
    const wrong = createHash('sha256').update('another').digest('hex');
    await startChecks(sluice.cluster, own.name, [
      { name: 'right', spec: httpRef(right) },
      { name: 'wrong', spec: httpRef(wrong) },
      { name: 'absent', spec: { bash: { httpRef: { url: `${url}.absent` } } } },
    ]);
    const at = (name: string) => ({ namespace: own.name, name });
    expect(await taskStatus(sluice.cluster, at('right'))).toMatchObject({
      status: 'Succeeded',
      result: { from: 'a URL' },
    });
    expect(await taskStatus(sluice.cluster, at('wrong'))).toMatchObject({
      status: 'Failed',
      reason: 'ChecksumMismatch',
      evidence: { message: expect.stringContaining(`has the SHA-256 ${right}, not ${wrong}`) },
    });
    expect(await taskStatus(sluice.cluster, at('absent'))).toMatchObject({
      status: 'Failed',
      reason: 'DownloadRefused',
      evidence: { message: expect.stringContaining('404') },
    });
  });
});
