import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  documentsOf,
  type HelmRevision,
  isOurRevision,
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

  it('is none where a Secret holds something else', () => {
    const other = (fields: object) => revisionIn({ ...secretOf({}), ...fields });
    expect(other({ type: 'Opaque' })).toBeUndefined();
    expect(other({ data: { release: 'bm90IGhlbG0=' } })).toBeUndefined();
    expect(other({ data: {} })).toBeUndefined();
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
