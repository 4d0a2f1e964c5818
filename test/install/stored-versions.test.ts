import { describe, expect, it } from 'vitest';
import { crdOf } from '../../src/api/crd.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { NamespaceKind } from '../../src/api/builtin.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import {
  storedVersions,
  withStoredVersions,
  wordsOfStored,
} from '../../src/install/stored-versions.ts';

const wanted = crdOf(KeptnApp);
const installed = { kind: NamespaceKind, object: wanted };

const live = (
  stored: readonly string[],
  versions: readonly object[],
): KubernetesObject & Record<string, unknown> => ({
  apiVersion: wanted.apiVersion,
  kind: wanted.kind,
  metadata: wanted.metadata,
  spec: { versions },
  status: { storedVersions: stored },
});

describe('what a CRD remembers to have stored', () => {
  it('is nothing where there is no CRD, and nothing to do where it is the present version', () => {
    expect(storedVersions(wanted, undefined)).toBeUndefined();
    const looked = storedVersions(wanted, live(['v1'], []));
    expect(looked && wordsOfStored(looked)).toBeUndefined();
  });

  it('is said with what will be done about it', () => {
    const looked = storedVersions(wanted, live(['v1alpha1', 'v1', 'v0'], []));
    expect(looked).toMatchObject({ storage: 'v1', outdated: ['v1alpha1', 'v0'], unknown: ['v0'] });
    expect(looked && wordsOfStored(looked)).toBe(
      'CustomResourceDefinition keptnapps.lifecycle.keptn.sh: objects may be stored as v1alpha1, v0; they are rewritten as v1; v0, which Sluice does not have, stays until then without being served',
    );
  });

  it('stays in the CRD as long as it is remembered, unserved where Sluice does not have it', () => {
    const v0 = { name: 'v0', served: true, storage: true, schema: { openAPIV3Schema: {} } };
    const gone = { ...v0, name: 'v00' };
    const { object } = withStoredVersions(installed, live(['v0', 'v1'], [v0, gone]));
    expect(object).toMatchObject({
      spec: { versions: [...wanted.spec.versions, { ...v0, served: false, storage: false }] },
    });
    const none = withStoredVersions(installed, live(['v1'], [v0]));
    expect(none.object).toBe(wanted);
  });
});
