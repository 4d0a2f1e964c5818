import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeptnConfig } from '../../../src/api/keptn/config.ts';
import {
  decideConfig,
  defaultSettings,
  rulingConfig,
  settingsFrom,
} from '../../../src/domain/settings/keptn-config.ts';

const operatorNamespace = 'keptn-system';
const now = Date.UTC(2026, 0, 2);

function aConfig(
  place: string,
  spec: KeptnConfig['spec'] = {},
  createdAt = '2026-01-01T00:00:00Z',
): KeptnConfig {
  const [namespace = '', name = ''] = place.split('/');
  return {
    apiVersion: 'options.keptn.sh/v1alpha1',
    kind: 'KeptnConfig',
    metadata: {
      namespace,
      name,
      uid: place,
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: createdAt,
    },
    spec,
  };
}

describe('settingsFrom', () => {
  test('without a KeptnConfig, or after its deletion, Keptn’s defaults apply', () => {
    expect(settingsFrom([], operatorNamespace)).toEqual({
      blockDeployment: true,
      observabilityTimeoutMs: 300_000,
      raiseProgressDeadline: false,
      deadlines: { definition: undefined, app: undefined, metric: undefined, jobStart: undefined },
      appCreationRequestTimeoutMs: 30_000,
      appContextWindowMs: 2_000,
      promotionTasksEnabled: true,
      versionFromImageTag: false,
      repeatFailedChecks: true,
      maxJobsPerNamespace: 50,
      maxFollowUps: 32,
      mode: undefined,
      minimumMode: 'observe',
      promotionAfterSupersessions: 5,
      retention: { versions: 10, maxAgeMs: undefined, unusedAppMs: 3_600_000, suspended: false },
      functionRetries: undefined,
      jobDefaults: {},
      maxFollowUpDepth: 3,
      maxValueAgeMs: undefined,
      minTimeAfterDeploymentMs: 0,
      promotionFailurePolicy: 'Fail',
      strictValidation: false,
      allowedHosts: undefined,
      cloudEventsEndpoint: '',
      otelCollectorUrl: '',
    });
    expect(settingsFrom([aConfig('keptn-system/keptnconfig')], operatorNamespace)).toEqual(
      defaultSettings,
    );
  });

  test('every field of the ruling KeptnConfig takes effect', () => {
    const config = aConfig('keptn-system/keptnconfig', {
      OTelCollectorUrl: 'otel:4317',
      cloudEventsEndpoint: 'http://events',
      keptnAppCreationRequestTimeoutSeconds: 0,
      appContextWindow: '0s',
      blockDeployment: false,
      observabilityTimeout: '1m30s',
      raiseProgressDeadline: true,
      deadlines: { definition: '10m', app: '0s', metric: '5s' },
      promotionTasksEnabled: false,
      versionFromImageTag: true,
      repeatFailedChecks: false,
      maxJobsPerNamespace: 4,
      functionRetries: 'restartContainer',
      job: { nodeSelector: { pool: 'tasks' } },
      maxFollowUpDepth: 0,
      maxValueAge: '2m',
      minTimeAfterDeployment: '30s',
      maxFollowUps: 5,
      promotionAfterSupersessions: 0,
      retention: { versions: 3, maxAge: '48h', unusedApps: '5m', suspend: true },
      promotionFailurePolicy: 'Warn',
      strictValidation: true,
      allowedHosts: ['*.example.com'],
    });
    expect(settingsFrom([config], operatorNamespace)).toEqual({
      blockDeployment: false,
      observabilityTimeoutMs: 90_000,
      raiseProgressDeadline: true,
      deadlines: { definition: 600_000, app: undefined, metric: 5_000, jobStart: undefined },
      appCreationRequestTimeoutMs: 0,
      appContextWindowMs: 0,
      promotionTasksEnabled: false,
      versionFromImageTag: true,
      repeatFailedChecks: false,
      maxJobsPerNamespace: 4,
      functionRetries: 'restartContainer',
      jobDefaults: { nodeSelector: { pool: 'tasks' } },
      maxFollowUpDepth: 0,
      maxValueAgeMs: 120_000,
      minTimeAfterDeploymentMs: 30_000,
      maxFollowUps: 5,
      mode: undefined,
      minimumMode: 'observe',
      promotionAfterSupersessions: undefined,
      retention: { versions: 3, maxAgeMs: 172_800_000, unusedAppMs: 300_000, suspended: true },
      promotionFailurePolicy: 'Warn',
      strictValidation: true,
      allowedHosts: ['*.example.com'],
      cloudEventsEndpoint: 'http://events',
      otelCollectorUrl: 'otel:4317',
    });
  });

  test('the mildest mode is an annotation of it, in the namespace of Sluice alone', () => {
    const annotations = { 'sluice.keptn.sh/minimum-mode': 'block' };
    const strict = (place: string) => {
      const config = aConfig(place);
      return { ...config, metadata: { ...config.metadata, annotations } };
    };
    const of = (place: string) =>
      settingsFrom([strict(place)], operatorNamespace, { configsAnywhere: true }).minimumMode;
    expect(of('keptn-system/keptnconfig')).toBe('block');
    expect(of('shop/keptnconfig')).toBe('observe');
  });

  test('a value that cannot be meant falls back to its default', () => {
    const config = aConfig('keptn-system/keptnconfig', {
      observabilityTimeout: 'soon',
      keptnAppCreationRequestTimeoutSeconds: -1,
      retention: { maxAge: 'old', unusedApps: 'never' },
    });
    expect(settingsFrom([config], operatorNamespace)).toEqual(defaultSettings);
  });

  test('no limit of Jobs is 0', () => {
    const config = aConfig('keptn-system/keptnconfig', { maxJobsPerNamespace: 0 });
    expect(settingsFrom([config], operatorNamespace).maxJobsPerNamespace).toBeUndefined();
  });
});

describe('rulingConfig', () => {
  test('B16: the one in the operator’s namespace rules, however old others are', () => {
    const own = aConfig('keptn-system/mine', {}, '2026-01-01T12:00:00Z');
    const tenants = aConfig('tenant/theirs', { blockDeployment: false }, '2025-01-01T00:00:00Z');
    expect(rulingConfig([tenants, own], operatorNamespace)).toBe(own);
    expect(settingsFrom([tenants, own], operatorNamespace).blockDeployment).toBe(true);
  });

  test('B16: elsewhere none counts, whether or not the operator’s namespace has one', () => {
    const tenants = aConfig('tenant/theirs', { blockDeployment: false, strictValidation: true });
    expect(rulingConfig([tenants], operatorNamespace)).toBeUndefined();
    expect(settingsFrom([tenants], operatorNamespace)).toEqual(defaultSettings);
  });

  test('B16: in Keptn’s way one elsewhere is honoured if the operator’s namespace has none: the oldest, then by name', () => {
    const scope = { configsAnywhere: true };
    const old = aConfig('z/old', {}, '2025-01-01T00:00:00Z');
    const first = aConfig('a/new');
    const second = aConfig('b/new');
    const own = aConfig('keptn-system/mine');
    expect(rulingConfig([second, first, old], operatorNamespace, scope)).toBe(old);
    expect(rulingConfig([second, first], operatorNamespace, scope)).toBe(first);
    expect(rulingConfig([second, old, own], operatorNamespace, scope)).toBe(own);
  });

  test('B16: and then for Keptn’s own fields alone, never for job options or the collector', () => {
    const tenants = aConfig('tenant/theirs', {
      blockDeployment: false,
      observabilityTimeout: '1m',
      keptnAppCreationRequestTimeoutSeconds: 5,
      cloudEventsEndpoint: 'http://events',
      OTelCollectorUrl: 'spy:4317',
      job: { volumes: [{ name: 'x' }] },
      strictValidation: true,
      versionFromImageTag: true,
    });
    expect(settingsFrom([tenants], operatorNamespace, { configsAnywhere: true })).toEqual({
      ...defaultSettings,
      blockDeployment: false,
      observabilityTimeoutMs: 60_000,
      appCreationRequestTimeoutMs: 5_000,
      cloudEventsEndpoint: 'http://events',
    });
  });

  test('does not depend on the order in which they are listed', () => {
    const place = fc.constantFrom('keptn-system/a', 'keptn-system/b', 'x/a', 'x/b', 'y/a');
    const time = fc.constantFrom('2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
    const configs = fc.uniqueArray(fc.tuple(place, time), { selector: ([name]) => name });
    fc.assert(
      fc.property(configs, (places) => {
        const all = places.map(([name, createdAt]) => aConfig(name, {}, createdAt));
        const ruling = rulingConfig(all, operatorNamespace);
        expect(rulingConfig(all.toReversed(), operatorNamespace)).toBe(ruling);
      }),
    );
  });
});

describe('decideConfig', () => {
  const own = aConfig('keptn-system/keptnconfig');
  const other = aConfig('tenant/keptnconfig');
  const statusOf = (config: KeptnConfig, configs: readonly KeptnConfig[]) =>
    decideConfig({ now, config, configs, operatorNamespace }).status;

  test('the one that rules says so', () => {
    expect(statusOf(own, [own, other])?.to).toMatchObject({
      observedGeneration: 3,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Rules', observedGeneration: 3 },
        { type: 'Ignored', status: 'False', reason: 'Rules' },
      ],
    });
  });

  test('B16: one elsewhere carries the condition Ignored, which says where it would rule', () => {
    for (const configs of [[own, other], [other]]) {
      expect(statusOf(other, configs)?.to).toMatchObject({
        conditions: [
          { type: 'Ready', status: 'False', reason: 'OtherNamespace' },
          {
            type: 'Ignored',
            status: 'True',
            reason: 'OtherNamespace',
            message:
              'Only a KeptnConfig in namespace keptn-system, where Sluice runs, rules the cluster. Move this one there.',
          },
        ],
      });
    }
  });

  test('B16: a second one of the operator’s namespace is ignored, and the one that rules is named', () => {
    const later = aConfig('keptn-system/later', {}, '2026-01-01T12:00:00Z');
    const status = statusOf(later, [own, later]);
    expect(status?.resourceVersion).toBe('7');
    expect(status?.to).toMatchObject({
      conditions: [
        { type: 'Ready', status: 'False', reason: 'AnotherRules' },
        { type: 'Ignored', status: 'True', reason: 'AnotherRules' },
      ],
    });
    expect(JSON.stringify(status?.to)).toContain('KeptnConfig keptn-system/keptnconfig rules');
  });

  test('a time-out that is no duration is named together with what applies instead', () => {
    const config = aConfig('keptn-system/keptnconfig', { observabilityTimeout: '0soon' });
    expect(statusOf(config, [config])?.to).toMatchObject({
      conditions: [
        { status: 'False', reason: 'DurationInvalid' },
        { type: 'Ignored', status: 'False' },
      ],
    });
  });

  test('nothing changes when what it says is there already', () => {
    const first = statusOf(other, [own, other]);
    const settled = { ...other, status: first?.to as KeptnConfig['status'] } as KeptnConfig;
    const second = decideConfig({
      now: now + 60_000,
      config: settled,
      configs: [own, settled],
      operatorNamespace,
    }).status;
    expect(second?.to).toEqual(second?.from);
  });
});
