import { spawnSync } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { prometheusRule } from '../../src/generate/alert-rules.ts';
import {
  chartFolder,
  notesOf,
  objectsIn,
  renderedChart,
  runHelm,
} from '../support/cluster/chart.ts';
import { mustRunSluice } from '../support/cluster/sluice-process.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** What Helm makes of the chart, without a cluster. */

/** What Helm adds and an installation without it lacks. */
const ofHelm =
  /^(helm\.sh\/|argocd\.argoproj\.io\/|app\.kubernetes\.io\/(instance|managed-by|version)$)/u;

/** By kind and name, without what only a release has. */
function asInstalled(objects: readonly Manifest[]): Record<string, unknown> {
  const known = objects.map((object): [string, unknown] => [
    `${object.kind} ${object.metadata.name ?? ''}`,
    JSON.parse(
      JSON.stringify(object, (key, value: unknown) => {
        if (key !== 'labels' && key !== 'annotations') return value;
        const kept = Object.entries(Object(value)).filter(([name]) => !ofHelm.test(name));
        return kept.length === 0 ? undefined : Object.fromEntries(kept);
      }),
    ),
  ]);
  return Object.fromEntries(known);
}

const namesIn = (objects: readonly Manifest[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name ?? ''}`);

describe('one source', () => {
  it('the chart with its defaults is what sluice install applies', async () => {
    const chart = await renderedChart({ uninstall: { hook: false }, tests: { enabled: false } });
    const installed = objectsIn(await mustRunSluice(['install', '--dry-run'])).filter(
      ({ kind }) => kind !== 'Namespace',
    );
    expect(asInstalled(chart)).toEqual(asInstalled(installed));
    expect(chart.length).toBeGreaterThan(40);
  });

  it('the chart with the backstop is what sluice install --backstop true applies', async () => {
    const values = { uninstall: { hook: false }, tests: { enabled: false }, backstop: true };
    const chart = await renderedChart(values);
    const installed = objectsIn(
      await mustRunSluice(['install', '--dry-run', '--backstop', 'true']),
    ).filter(({ kind }) => kind !== 'Namespace');
    expect(asInstalled(chart)).toEqual(asInstalled(installed));
    expect(namesIn(chart)).toContain('CustomResourceDefinition releasedversions.sluice.keptn.sh');
  });

  it('the chart with the gate of the API server is what sluice install --webhook-mode admissionPolicy applies', async () => {
    const off = { uninstall: { hook: false }, tests: { enabled: false } };
    const chart = await renderedChart({ ...off, webhook: { mode: 'admissionPolicy' } });
    const installed = objectsIn(
      await mustRunSluice(['install', '--dry-run', '--webhook-mode', 'admissionPolicy']),
    ).filter(({ kind }) => kind !== 'Namespace');
    expect(asInstalled(chart)).toEqual(asInstalled(installed));
    expect(namesIn(chart)).toContain('MutatingAdmissionPolicy gate.sluice.keptn.sh');
  });

  it('the gate of the API server is refused for a Kubernetes that has none, with what to do', async () => {
    const older = ['--kube-version', '1.35.2', '--set', 'webhook.mode=admissionPolicy'];
    const ended = await runHelm(['template', 'sluice', chartFolder, ...older]);
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.output).toContain('needs Kubernetes 1.36');
    expect(ended.output).toContain('backstop: true');
  });

  it.each([
    ['the kustomization', [], []],
    ['with the component backstop', ['backstop'], ['--backstop', 'true']],
    [
      'with the component admission-policy',
      ['admission-policy'],
      ['--webhook-mode', 'admissionPolicy'],
    ],
  ])('%s is what sluice install applies', async (_, components, args) => {
    const manifests = new URL('../../manifests', import.meta.url).pathname;
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'sluice-kustomize-')));
    onTestFinished(() => rm(folder, { recursive: true }));
    const from = relative(folder, manifests);
    const kustomization = {
      resources: [from],
      components: components.map((name) => join(from, name)),
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    const { stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    expect(stderr).toBe('');
    const installed = objectsIn(await mustRunSluice(['install', '--dry-run', ...args]));
    expect(asInstalled(objectsIn(stdout))).toEqual(asInstalled(installed));
  });

  it('passes helm lint --strict', async () => {
    expect(await runHelm(['lint', '--strict', chartFolder])).toMatchObject({ exitCode: 0 });
  });
});

describe('values', () => {
  it('that are unknown are refused by name, beside the chart’s own and Keptn’s', async () => {
    const ended = await runHelm(['template', 'sluice', chartFolder, '--set', 'replica=3']);
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.output).toContain("additional properties 'replica' not allowed");
  });

  it('of Keptn’s lifecycle operator win over those of the same name', async () => {
    const objects = await renderedChart({
      failurePolicy: 'Fail',
      replicas: 3,
      lifecycleOperator: {
        failurePolicy: 'Ignore',
        replicas: 1,
        allowedNamespaces: ['shop'],
        promotionTasksEnabled: false,
        env: { functionRunnerImage: 'example.org/deno:1' },
      },
    });
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'));
    expect(deployment).toContain('"replicas":1');
    expect(deployment).toContain('{"name":"PROMOTION_TASKS_ENABLED","value":"false"}');
    expect(deployment).toContain('{"name":"FUNCTION_RUNNER_IMAGE","value":"example.org/deno:1"}');
    expect(deployment).toContain('{"name":"SLUICE_ALLOWED_NAMESPACES","value":"shop"}');
    const webhooks = objects.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
    expect(JSON.stringify(webhooks)).toContain('"operator":"In","values":["shop"]');
    expect(webhooks?.['webhooks']).toContainEqual(
      expect.objectContaining({ name: 'mpod.keptn.sh', failurePolicy: 'Ignore' }),
    );
  });

  it('of Keptn that do nothing are named in the notes, each with its reason, and run none of its images', async () => {
    const values = {
      global: { certManager: { enabled: false }, imageRegistri: 'example.org' },
      lifecycleOperator: {
        enabled: false,
        image: { repository: 'keptn/lifecycle-operator', tag: 'v1.2.0', registry: 'example.org' },
        config: { health: {} },
      },
      metricsOperator: { enabled: true, image: { tag: 'v0.0.0' } },
      certManager: { replicas: 2 },
    };
    const notes = await notesOf(values);
    for (const key of [
      'global.certManager.enabled',
      'global.imageRegistri',
      'lifecycleOperator.enabled',
      'lifecycleOperator.image.repository',
      'lifecycleOperator.image.tag',
      'lifecycleOperator.config',
      'metricsOperator.image',
      'certManager.replicas',
    ]) {
      expect(notes).toMatch(new RegExp(`^ {2}${key.replaceAll('.', '\\.')}: `, 'mu'));
    }
    expect(notes).not.toContain('metricsOperator.enabled');
    const deployment = JSON.stringify(
      (await renderedChart(values)).find(({ kind }) => kind === 'Deployment'),
    );
    expect(deployment).toMatch(/"image":"example\.org\/keptn-sluice\/sluice:[\d.]+"/u);
  });

  it.each([
    ['imagePullSecrets', { imagePullSecrets: [{ name: 'pull' }] }, 'global.imagePullSecrets'],
    [
      'lifecycleOperator.manager',
      { lifecycleOperator: { manager: { resources: {} } } },
      'lifecycleOperator.resources',
    ],
  ])(
    'of older charts that asked for something are refused with what to write: %s',
    async (key, values, remedy) => {
      const args = ['template', 'sluice', chartFolder, '--values', '-'];
      const ended = await runHelm(args, { stdin: JSON.stringify(values) });
      expect(ended).toMatchObject({ exitCode: 1 });
      expect(ended.output).toContain(
        `${key} is a value of Keptn’s chart that this one does not have`,
      );
      expect(ended.output).toContain(remedy);
    },
  );

  it('say nothing of values without effect where there are none', async () => {
    const notes = await notesOf({});
    expect(notes).not.toContain('WARNING');
    expect(notes).toContain('kubectl rollout status deployment/sluice -n keptn-system');
    expect(notes).toContain('kubectl delete mutatingwebhookconfiguration');
  });

  it('decide images: a digest wins over the tag, a component’s registry over the global one', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const imageOf = async (values: object) => {
      const deployment = (await renderedChart(values)).find(({ kind }) => kind === 'Deployment');
      return /"image":"([^"]*)"/u.exec(JSON.stringify(deployment))?.[1];
    };
    expect(await imageOf({ image: { tag: '9', digest } })).toBe(
      `ghcr.io/keptn-sluice/sluice@${digest}`,
    );
    expect(
      await imageOf({ image: { tag: '9' }, global: { imageRegistry: 'a.example:5000' } }),
    ).toBe('a.example:5000/keptn-sluice/sluice:9');
    expect(
      await imageOf({
        image: { tag: '9', registry: 'b.example' },
        global: { imageRegistry: 'a.example' },
      }),
    ).toBe('b.example/keptn-sluice/sluice:9');
  });

  it('of common labels reach every object and every Pod, and change no selector', async () => {
    const commonLabels = {
      'app.kubernetes.io/version': 'mine',
      'app.kubernetes.io/name': 'x',
      n: 1,
    };
    for (const object of await renderedChart({ global: { commonLabels } })) {
      expect(object.metadata['labels']).toMatchObject({
        'app.kubernetes.io/version': 'mine',
        n: '1',
      });
      if (object.kind !== 'Deployment') continue;
      expect(object['spec']).toMatchObject({
        selector: { matchLabels: { 'app.kubernetes.io/name': 'sluice' } },
        template: { metadata: { labels: { 'app.kubernetes.io/name': 'sluice', n: '1' } } },
      });
    }
  });

  it('name the Secret of the certificate everywhere: in rights, the policy and the environment', async () => {
    const objects = await renderedChart({ certificates: { secretName: 'mine' } });
    const text = JSON.stringify(objects);
    expect(text).not.toContain('sluice-certificates"]');
    expect(text).toContain('{"name":"SLUICE_CERTIFICATE_SECRET","value":"mine"}');
    expect(text).toContain('"resourceNames":["mine"]');
    const provided = JSON.stringify(await renderedChart({ certificates: { mode: 'provided' } }));
    expect(provided).toContain('{"secretName":"keptn-certs"}');
    expect(provided).toContain('"value":"/etc/sluice/certificate/tls.crt"');
  });

  it('let the alerts reach Prometheus as they are written, with the labels it selects by', async () => {
    const labels = { release: 'prometheus' };
    const values = { prometheusRule: { enabled: true, labels } };
    const [rule] = await renderedChart(values, 'prometheusrule.yaml');
    expect(rule?.metadata['labels']).toMatchObject(labels);
    expect(rule?.['spec']).toEqual(prometheusRule('keptn-system').spec);
  });

  it('lengthen the grace period with the drain', async () => {
    const grace = async (drainSeconds: number) => {
      const objects = await renderedChart({ drainSeconds });
      const text = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'));
      return /"terminationGracePeriodSeconds":(\d+)/u.exec(text)?.[1];
    };
    expect(await grace(5)).toBe('30');
    expect(await grace(60)).toBe('74');
  });
});

describe('crds', () => {
  it('are kept by an uninstall unless the values say otherwise', async () => {
    const kept = async (values: object) =>
      (await renderedChart(values, 'crds.yaml')).map(
        ({ metadata }) => Object(metadata['annotations'])['helm.sh/resource-policy'],
      );
    expect(new Set(await kept({}))).toEqual(new Set(['keep']));
    expect(new Set(await kept({ crds: { keep: false } }))).toEqual(new Set([undefined]));
    expect(namesIn(await renderedChart({ crds: { install: false } })).join()).not.toContain(
      'CustomResourceDefinition',
    );
  });
});

describe('the Job of an uninstall', () => {
  it('ends by itself, so that one whose image was missing never meets the next installation', async () => {
    for (const uninstall of [{ hook: true }, { now: true }]) {
      const [job] = await renderedChart({ uninstall }, 'uninstall-job.yaml');
      expect(job).toMatchObject({ kind: 'Job', spec: { activeDeadlineSeconds: 300 } });
    }
  });
});

describe('Argo CD', () => {
  it('applies CRDs, then rights and Services, then the Deployment, then webhooks and policies', async () => {
    const waves = new Map<string, Set<number>>();
    for (const { kind, metadata } of await renderedChart({ uninstall: { hook: false } })) {
      const wave = Number(Object(metadata['annotations'])['argocd.argoproj.io/sync-wave']);
      if (Object(metadata['annotations'])['helm.sh/hook'] !== undefined) continue;
      waves.set(kind, (waves.get(kind) ?? new Set()).add(wave));
    }
    const waveOf = (kind: string) => [...(waves.get(kind) ?? [])];
    expect(waveOf('CustomResourceDefinition')).toEqual([-2]);
    expect(waveOf('ClusterRole')).toEqual([-1]);
    expect(waveOf('Service')).toEqual([-1]);
    expect(waveOf('Deployment')).toEqual([0]);
    expect(waveOf('MutatingWebhookConfiguration')).toEqual([1]);
    expect(waveOf('ValidatingAdmissionPolicyBinding')).toEqual([1]);
  });
});
