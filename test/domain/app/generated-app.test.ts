import { describe, expect, test } from 'vitest';
import type { KeptnApp } from '../../../src/api/keptn/app.ts';
import {
  generatedMark,
  isGenerated,
  isGeneratedInNameOnly,
} from '../../../src/domain/app/generated-app.ts';
import { anApp } from '../../support/builders/builders.ts';

const label = { 'app.kubernetes.io/managed-by': 'keptn' };
const workloads = [{ name: 'cart', version: '1' }];
const place = { namespace: 'shop', name: 'shop' };

function app(
  annotations: Record<string, string> = {},
  spec: Partial<KeptnApp['spec']> = {},
  metadata: Partial<KeptnApp['metadata']> = {},
): KeptnApp {
  return {
    ...anApp(),
    metadata: { ...anApp().metadata, ...place, labels: label, annotations, ...metadata },
    spec: { version: '1', workloads, ...spec },
  };
}
const mark = { 'sluice.keptn.sh/generated': generatedMark(place, { version: '1', workloads }) };

describe('a KeptnApp is kept up to date by discovery', () => {
  test('if discovery wrote it, whatever revision its users have raised it to', () => {
    expect(isGenerated(app(mark))).toBe(true);
    expect(isGenerated(app(mark, { revision: 7 }))).toBe(true);
  });

  test('if Keptn generated it, which left its label alone', () => {
    expect(isGenerated(app())).toBe(true);
  });
});

describe('a KeptnApp is left alone although it carries the label of generated ones', () => {
  test.each<[string, KeptnApp]>([
    ['changed by hand', app(mark, { workloads: [...workloads, { name: 'pay', version: '1' }] })],
    ['with another version', app(mark, { version: '9' })],
    ['copied to another namespace', app(mark, {}, { namespace: 'other' })],
    ['copied to another name', app(mark, {}, { name: 'copy' })],
    [
      'exported and applied',
      app({ ...mark, 'kubectl.kubernetes.io/last-applied-configuration': '{}' }),
    ],
    ['of Argo CD', app({ ...mark, 'argocd.argoproj.io/tracking-id': 'x' })],
    ['of Helm', app({ ...mark, 'meta.helm.sh/release-name': 'x' })],
  ])('%s', (_, found) => {
    expect(isGenerated(found)).toBe(false);
    expect(isGeneratedInNameOnly(found)).toBe(true);
  });

  test('is not said of an app that never looked generated', () => {
    expect(isGeneratedInNameOnly(app({}, {}, { labels: {} }))).toBe(false);
  });
});
