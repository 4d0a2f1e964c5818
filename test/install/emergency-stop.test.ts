import { describe, expect, test } from 'vitest';
import type { KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import { refKey } from '../../src/api/object.ts';
import { emergencyStop } from '../../src/install/emergency-stop.ts';
import type { InstallCluster } from '../../src/install/install-cluster.ts';
import { everyObject, objectsOfPart } from '../../src/install/installation.ts';

const namespace = 'keptn-system';
const settings = { namespace, target: { service: { name: 'any', namespace } }, ...everyObject };

function clusterWith(parts: readonly ('webhooks' | 'policy' | 'rights')[]) {
  const objects = new Map<string, KubernetesObject>();
  for (const { kind, object } of parts.flatMap((part) => objectsOfPart(part, settings))) {
    const live = { ...object, metadata: { ...object.metadata, uid: object.metadata.name } };
    objects.set(refKey({ kind, name: object.metadata.name }), live);
  }
  const keyOf = ({ kind, name }: ObjectRef): string => refKey({ kind, name });
  const cluster: Pick<InstallCluster, 'get' | 'delete'> = {
    get: async (ref) => objects.get(keyOf(ref)),
    delete: async (ref) => void objects.delete(keyOf(ref)),
  };
  return { cluster: cluster as InstallCluster, objects };
}

describe('an emergency stop', () => {
  test('removes both webhook configurations and every binding of a policy, and nothing else', async () => {
    const { cluster, objects } = clusterWith(['rights', 'webhooks', 'policy']);
    const lines: string[] = [];
    await emergencyStop({ namespace }, { cluster, tell: (line) => void lines.push(line) });
    const left = [...objects.keys()];
    expect(left.filter((key) => /Webhook|PolicyBinding/u.test(key))).toEqual([]);
    expect(left.some((key) => key.startsWith('ValidatingAdmissionPolicy '))).toBe(true);
    expect(left.some((key) => key.startsWith('ClusterRole '))).toBe(true);
    expect(lines.at(-1)).toContain('sluice install');
  });

  test('a second time says that nothing is there', async () => {
    const { cluster } = clusterWith([]);
    const lines: string[] = [];
    await emergencyStop({ namespace }, { cluster, tell: (line) => void lines.push(line) });
    expect(lines).toEqual(['nothing was there that holds or refuses Pods']);
  });

  test('takes what the kubectl line takes: everything it removes carries the label that line selects by', () => {
    const removed = [...objectsOfPart('webhooks', settings), ...objectsOfPart('policy', settings)];
    for (const { object } of removed)
      expect(object.metadata.labels?.['app.kubernetes.io/part-of']).toBe('keptn');
  });
});
