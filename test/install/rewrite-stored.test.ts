import { describe, expect, it } from 'vitest';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { crdOf } from '../../src/api/crd.ts';
import { fieldOf } from '../../src/api/json.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import type { KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import { CustomResourceDefinitionKind } from '../../src/api/registration-kinds.ts';
import { rewriteStored, type RewritingCluster } from '../../src/install/rewrite-stored.ts';
import { storedVersions } from '../../src/install/stored-versions.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

const wanted = crdOf(KeptnApp);
const old = 'v1beta1';

/** One CRD with two objects stored in the old version, behind an API server that learns late what is stored now. */
class LateApiServer implements RewritingCluster {
  readonly stored = new Map([
    ['one', old],
    ['two', old],
  ]);
  crd: KubernetesObject & Record<string, unknown> = {
    ...wanted,
    metadata: { ...wanted.metadata, resourceVersion: '1' },
    status: { storedVersions: [old, 'v1'] },
  };
  /** How the next writes are refused, by what is written. */
  refusals: { object?: ClusterError; status?: ClusterError } = {};
  readonly #clock: TestClock;
  readonly #lateMs: number;

  constructor(clock: TestClock, lateMs: number) {
    this.#clock = clock;
    this.#lateMs = lateMs;
  }

  async get(): Promise<KubernetesObject> {
    return this.crd;
  }

  async patch({ name }: ObjectRef): Promise<KubernetesObject> {
    if (this.refusals.object !== undefined) throw this.refusals.object;
    this.stored.set(name, this.#clock.elapsed() < this.#lateMs ? old : 'v1');
    return this.#object(name);
  }

  async writeStatus(_: ObjectRef, __: string, status: unknown): Promise<KubernetesObject> {
    const { status: refusal, ...others } = this.refusals;
    this.refusals = others;
    if (refusal !== undefined) throw refusal;
    this.crd = { ...this.crd, status };
    return this.crd;
  }

  async *listPaged() {
    yield { items: [...this.stored.keys()].map((name) => this.#object(name)) };
  }

  #object(name: string): KubernetesObject {
    return { apiVersion: 'lifecycle.keptn.sh/v1', kind: 'KeptnApp', metadata: { name } };
  }
}

async function rewritten(lateMs: number, meanwhile?: (cluster: LateApiServer) => void) {
  const clock = new TestClock();
  const cluster = new LateApiServer(clock, lateMs);
  const versions = storedVersions(wanted, cluster.crd);
  if (versions === undefined) throw new Error('the CRD is there');
  const installed = { kind: CustomResourceDefinitionKind, object: wanted };
  const lines: string[] = [];
  const tell = (line: string): void => void lines.push(line);
  let elapsedMs = 0;
  const ending = rewriteStored([{ versions, installed }], { cluster, clock, tell }).finally(() => {
    elapsedMs = clock.elapsed();
  });
  meanwhile?.(cluster);
  await clock.advanceAsync(120_000);
  const left = await ending;
  return { cluster, lines, elapsedMs, left: left.get(versions.crd) };
}
const remembered = ({ crd }: LateApiServer) => fieldOf(fieldOf(crd, 'status'), 'storedVersions');

describe('an API server that still stores the old version', () => {
  it.each([0, 3_000, 8_000])(
    'for %i ms leaves nothing stored in a version that the CRD forgets',
    async (lateMs) => {
      const { cluster, left, lines } = await rewritten(lateMs);
      expect(left).toBeUndefined();
      expect(remembered(cluster)).toEqual(['v1']);
      expect([...cluster.stored.values()]).toEqual(['v1', 'v1']);
      expect(lines).toEqual([
        'CustomResourceDefinition keptnapps.lifecycle.keptn.sh: 2 objects are stored as v1, and nothing as v1beta1',
      ]);
    },
  );
});

describe('an object that cannot be written', () => {
  it('leaves the old version in the CRD, without a second pass', async () => {
    const message = 'a webhook said no';
    const { cluster, left, elapsedMs } = await rewritten(0, (one) => {
      one.refusals.object = new ClusterError({ code: 403, reason: 'Forbidden', message });
    });
    expect(left).toBe('KeptnApp /one cannot be written: a webhook said no');
    expect(remembered(cluster)).toEqual([old, 'v1']);
    expect(elapsedMs).toBe(5_000);
  });
});

describe('a CRD that something else changes meanwhile', () => {
  it('is read and judged again when it changed just before it was to forget', async () => {
    const { cluster, left } = await rewritten(0, (one) => {
      one.refusals.status = new ClusterError({ code: 409, reason: 'Conflict', message: 'changed' });
    });
    expect(left).toBeUndefined();
    expect(remembered(cluster)).toEqual(['v1']);
  });

  it('forgets nothing when another version is stored now', async () => {
    const { cluster, left, lines } = await rewritten(0, (one) => {
      const versions = wanted.spec.versions.map((version) => ({
        ...version,
        storage: version.name === old,
      }));
      one.crd = { ...one.crd, spec: { ...wanted.spec, versions } };
    });
    expect(left).toContain('which stores v1beta1 now');
    expect(remembered(cluster)).toEqual([old, 'v1']);
    expect(lines).toEqual([]);
  });

  it('forgets nothing when it has stored a further version', async () => {
    const { cluster, left } = await rewritten(0, (one) => {
      one.crd = { ...one.crd, status: { storedVersions: [old, 'v1', 'v2'] } };
    });
    expect(left).toContain('stored objects as v2');
    expect(remembered(cluster)).toEqual([old, 'v1', 'v2']);
  });
});
