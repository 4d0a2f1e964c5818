import { beforeAll, describe, expect, it } from 'vitest';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { type Right, Tenant } from '../support/cluster/tenant.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/** Definitions, tasks and providers lend nobody rights that he does not have. */

let sluice: RunningSluice;
let cluster: TestCluster;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  ({ cluster } = sluice);
});

const onObjects = {
  apiGroups: ['lifecycle.keptn.sh', 'metrics.keptn.sh'],
  resources: ['keptntaskdefinitions', 'keptntasks', 'keptnmetricsproviders'],
  verbs: ['create', 'update', 'patch', 'get'],
};
const jobs = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] };
const secret = (...resourceNames: string[]) => ({
  apiGroups: [''],
  resources: ['secrets'],
  verbs: ['get'],
  ...(resourceNames.length > 0 && { resourceNames }),
});

const container = { name: 'c', image: 'registry.example/c:1.0.0' };

function definition(shop: EnabledNamespace, spec: object, version = 'v1'): Manifest {
  return {
    apiVersion: `lifecycle.keptn.sh/${version}`,
    kind: 'KeptnTaskDefinition',
    metadata: { name: 'x', namespace: shop.name },
    spec,
  };
}

async function tenantOf(shop: EnabledNamespace, ...rights: readonly Right[]) {
  const tenant = new Tenant(cluster, shop.name);
  await tenant.grant(onObjects, ...rights);
  const refusal = async (manifest: Manifest) =>
    (await tenant.cluster.verdictOn(manifest)).refusal ?? 'accepted';
  return { tenant, refusal };
}

/** Every place in which a definition can name the Secret `s`. */
const places: Readonly<Record<string, object>> = {
  secureParameters: { deno: { inline: { code: 'x' }, secureParameters: { secret: 's' } } },
  'further Secrets': {
    bash: { inline: { code: 'x' }, secureParameters: { secrets: [{ name: 's', env: 'S' }] } },
  },
  imagePullSecrets: { container, imagePullSecrets: [{ name: 's' }] },
  env: {
    container: {
      ...container,
      env: [{ name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    },
  },
  envFrom: { container: { ...container, envFrom: [{ secretRef: { name: 's' } }] } },
  'job.envFrom': { container, job: { envFrom: [{ secretRef: { name: 's' } }] } },
  'a volume': { container, job: { volumes: [{ name: 'v', secret: { secretName: 's' } }] } },
  'a projected volume': {
    container,
    job: {
      volumes: [
        { name: 'u', projected: { sources: [{ configMap: { name: 'c' } }] } },
        { name: 'v', projected: { sources: [{ secret: { name: 's' } }] } },
      ],
    },
  },
  'a CSI volume': {
    container,
    job: { volumes: [{ name: 'v', csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }] },
  },
  'a volume of old': {
    container,
    job: { volumes: [{ name: 'v', azureFile: { shareName: 'f', secretName: 's' } }] },
  },
  'a volume with a secretRef': {
    container,
    job: { volumes: [{ name: 'v', flexVolume: { driver: 'd', secretRef: { name: 's' } } }] },
  },
};

describe.concurrent('whoever writes a KeptnTaskDefinition', () => {
  it('must be allowed to create Jobs, and is told the command that allows it', async () => {
    await using shop = await sluice.namespace();
    const { tenant, refusal } = await tenantOf(shop);
    expect(await refusal(definition(shop, { container }))).toContain(
      `${tenant.user} may not create Jobs in namespace ${shop.name}, as this object does: kubectl create role create-jobs --namespace ${shop.name} --verb=create --resource=jobs.batch`,
    );
    await tenant.grant(jobs);
    expect(await refusal(definition(shop, { container }))).toBe('accepted');
  });

  it('must be allowed to get each Secret it names, wherever it names it', async () => {
    await using shop = await sluice.namespace();
    const { tenant, refusal } = await tenantOf(shop, jobs);
    for (const [place, spec] of Object.entries(places)) {
      expect([place, await refusal(definition(shop, spec))]).toEqual([
        place,
        expect.stringContaining(
          `${tenant.user} may not get Secret s in namespace ${shop.name}, which this object names: kubectl create role read-s --namespace ${shop.name} --verb=get --resource=secrets --resource-name=s`,
        ),
      ]);
    }
    await tenant.grant(secret('s'));
    for (const [place, spec] of Object.entries(places)) {
      expect([place, await refusal(definition(shop, spec))]).toEqual([place, 'accepted']);
    }
  });

  it('must hold the verb use on the service account it names', async () => {
    await using shop = await sluice.namespace();
    const { tenant, refusal } = await tenantOf(shop, jobs);
    const manifest = definition(shop, { container, serviceAccount: { name: 'deployer' } });
    expect(await refusal(manifest)).toContain(
      `lacks the verb use on ServiceAccount deployer in namespace ${shop.name}`,
    );
    await tenant.grant({
      apiGroups: [''],
      resources: ['serviceaccounts'],
      verbs: ['use'],
      resourceNames: ['deployer'],
    });
    expect(await refusal(manifest)).toBe('accepted');
  });

  it('is given the verb use by the very command that the refusal names', async () => {
    await using shop = await sluice.namespace();
    const { refusal } = await tenantOf(shop, jobs);
    const said = await refusal(
      definition(shop, { container, serviceAccount: { name: 'deployer' } }),
    );
    const role = await cluster.kubectl(
      /kubectl (create role [^|]*)\|/u.exec(said)?.[1]?.trim().split(' ') ?? [],
    );
    expect(role.replace('- get', '- use')).toMatch(
      /resourceNames:\n *- deployer\n[^]*verbs:\n *- use\n/u,
    );
    expect(said).toContain('| sed "s/- get/- use/" | kubectl apply -f -');
  });

  it('may name sixteen Secrets one by one, and more with the right to get all of them', async () => {
    await using shop = await sluice.namespace();
    const { tenant, refusal } = await tenantOf(shop, jobs);
    const names = (count: number) => [...Array.from({ length: count }).keys()].map((i) => `s${i}`);
    const naming = (count: number) => {
      const once = names(count).map((name) => ({ secretRef: { name } }));
      // Each twice: the same Secret counts once.
      return definition(shop, { container: { ...container, envFrom: [...once, ...once] } });
    };
    await tenant.grant(secret(...names(15)));
    expect(await refusal(naming(15))).toBe('accepted');
    expect(await refusal(naming(16))).toContain('may not get Secret s15');
    await tenant.grant(secret('s15', 's16', 's17'));
    expect(await refusal(naming(16))).toBe('accepted');
    expect(await refusal(naming(17))).toContain('names more than 16 Secrets');
    await tenant.grant(secret());
    expect(await refusal(naming(17))).toBe('accepted');
    expect(await refusal(naming(300))).toBe('accepted');
  });

  it.each(['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1beta1'])(
    'is asked for the same rights in %s, and in the spelling `function`',
    async (version) => {
      await using shop = await sluice.namespace();
      const { refusal } = await tenantOf(shop, jobs);
      const code = { inline: { code: 'x' }, secureParameters: { secret: 's' } };
      const spellings = version === 'v1beta1' ? [{ deno: code }] : [{ function: code }];
      for (const spec of spellings) {
        expect(await refusal(definition(shop, spec, version))).toContain('may not get Secret s');
      }
    },
  );

  it('is asked when the spec changes, and not for labels', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(definition(shop, { container }));
    const { tenant } = await tenantOf(shop);
    const path = `/apis/lifecycle.keptn.sh/v1/namespaces/${shop.name}/keptntaskdefinitions/x`;
    const patch = (body: object) =>
      tenant.cluster.told(path, {
        method: 'PATCH',
        contentType: 'application/merge-patch+json',
        body,
      });
    expect(await patch({ metadata: { labels: { a: 'b' } } })).not.toHaveProperty('refusal');
    expect((await patch({ spec: { retries: 3 } })).refusal).toContain('may not create Jobs');
  });
});

describe.concurrent('whoever writes', () => {
  it('a KeptnTask by hand must be allowed to create Jobs and to get its Secrets', async () => {
    await using shop = await sluice.namespace();
    const task = {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      metadata: {
        name: 'x',
        namespace: shop.name,
        labels: { 'app.kubernetes.io/managed-by': 'keptn' },
      },
      spec: { taskDefinition: 'y', secureParameters: { secret: 's' } },
    };
    const { tenant, refusal } = await tenantOf(shop);
    expect(await refusal(task)).toContain('may not create Jobs');
    await tenant.grant(jobs);
    expect(await refusal(task)).toContain('may not get Secret s');
    await tenant.grant(secret('s'));
    expect(await refusal(task)).toBe('accepted');
  });

  it('a KeptnMetricsProvider must be allowed to get its Secret, and needs no Jobs', async () => {
    await using shop = await sluice.namespace();
    const { tenant, refusal } = await tenantOf(shop);
    const provider = {
      apiVersion: 'metrics.keptn.sh/v1',
      kind: 'KeptnMetricsProvider',
      metadata: { name: 'x', namespace: shop.name },
      spec: {
        type: 'prometheus',
        targetServer: 'http://prometheus:9090',
        secretKeyRef: { name: 's', key: 'k' },
      },
    };
    expect(await refusal(provider)).toContain('may not get Secret s');
    await tenant.grant(secret('s'));
    expect(await refusal(provider)).toBe('accepted');
  });
});
