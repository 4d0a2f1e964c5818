import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  documentsOf,
  type HelmRevision,
  isOurRevision,
  ReleaseUnreadable,
  revisionIn,
  valuesOf,
} from '../../src/install/migration/helm-release.ts';

function secretOf(body: object, isCompressed = true) {
  const text = Buffer.from(JSON.stringify(body));
  const inner = (isCompressed ? gzipSync(text) : text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'sh.helm.release.v1.keptn.v3',
      namespace: 'keptn-system',
      labels: { owner: 'helm', name: 'keptn', status: 'deployed', version: '3' },
    },
    type: 'helm.sh/release.v1',
    data: { release: Buffer.from(inner).toString('base64') },
  };
}

function revision(body: object): HelmRevision {
  const found = revisionIn(secretOf(body));
  if (found === undefined) throw new Error('it is one');
  return found;
}

const manifest = `---
# Source: keptn/charts/lifecycleOperator/templates/crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    name: not-this
  name: keptnapps.lifecycle.keptn.sh
spec:
  names:
    kind: KeptnApp
---
# Source: keptn/charts/lifecycleOperator/templates/service.yaml
apiVersion: v1
kind: "Service"
metadata:
    labels:
      name: nor-this
    name: 'lifecycle-webhook-service'
`;

describe('a revision of a Helm release', () => {
  it('is read from its Secret, compressed as Helm does it now and plain as it once did', () => {
    const config = { lifecycleOperator: { replicas: 2 } };
    for (const isCompressed of [true, false]) {
      const found = revisionIn(secretOf({ config, manifest }, isCompressed));
      expect(found).toMatchObject({ number: 3, status: 'deployed' });
      expect(found && valuesOf(found)).toEqual(config);
    }
  });

  it('is none where a Secret is of another type', () => {
    const other = { ...secretOf({}), type: 'Opaque' };
    expect(revisionIn(other)).toBeUndefined();
  });

  const place = 'Secret keptn-system/sh.helm.release.v1.keptn.v3 holds no revision of Helm: ';
  const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64');
  it.each([
    ['it has no data.release', {}],
    ['data.release is no JSON object', { release: base64(base64('not helm')) }],
    [
      'data.release cannot be unpacked by gzip',
      { release: base64(base64(gzipSync('{}').subarray(0, 12))) },
    ],
    [
      'data.release unpacks to more than 16777216 bytes',
      { release: base64(base64(gzipSync(Buffer.alloc(17 * 1024 * 1024)))) },
    ],
  ])('names its Secret where it cannot be read: %s', (why, data) => {
    const secret = { ...secretOf({}), data };
    expect(() => revisionIn(secret)).toThrow(new ReleaseUnreadable(`${place}${why}`));
  });

  it('names each object of its manifest by kind and name, whatever else in it is called so', () => {
    const found = documentsOf(revision({ manifest })).map(({ kind, name }) => [kind, name]);
    expect(found).toEqual([
      ['CustomResourceDefinition', 'keptnapps.lifecycle.keptn.sh'],
      ['Service', 'lifecycle-webhook-service'],
    ]);
  });

  it('is ours by its description alone', () => {
    expect(isOurRevision(revision({ info: { description: 'Upgrade complete' } }))).toBe(false);
    const ours = { info: { description: 'Sluice has taken over 17 objects of revision 2' } };
    expect(isOurRevision(revision(ours))).toBe(true);
  });
});
