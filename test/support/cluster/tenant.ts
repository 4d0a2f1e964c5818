import { randomBytes } from 'node:crypto';
import { eventually } from '../clock-and-chance/eventually.ts';
import type { TestCluster } from './test-cluster.ts';

/** A rule of a Role. */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Somebody with rights in one namespace and nowhere else. */
export class Tenant {
  readonly user = `tenant-${randomBytes(4).toString('hex')}`;
  /** The cluster as this user sees it. */
  readonly cluster: TestCluster;
  readonly #admin: TestCluster;
  readonly #namespace: string;
  #roles = 0;

  constructor(admin: TestCluster, namespace: string) {
    this.#admin = admin;
    this.#namespace = namespace;
    this.cluster = admin.as(this.user);
  }

  /** Gives rights in the namespace; resolves when the API server knows of them. */
  async grant(...rules: readonly Right[]): Promise<void> {
    this.#roles += 1;
    const name = `${this.user}-${this.#roles}`;
    const metadata = { name, namespace: this.#namespace };
    const apiGroup = 'rbac.authorization.k8s.io';
    await this.#admin.apply(
      { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules },
      {
        apiVersion: `${apiGroup}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup, kind: 'Role', name },
        subjects: [{ apiGroup, kind: 'User', name: this.user }],
      },
    );
    for (const rule of rules) await this.#untilKnown(rule);
  }

  async #untilKnown({ apiGroups, resources, verbs, resourceNames }: Right): Promise<void> {
    const [group = '', resource = '', verb = ''] = [apiGroups[0], resources[0], verbs[0]];
    const [name] = resourceNames ?? [];
    const resourceAttributes = {
      namespace: this.#namespace,
      group,
      resource,
      verb,
      ...(name !== undefined && { name }),
    };
    await eventually(`${this.user} may ${verb} ${resource}`, async () => {
      const answer = await this.#admin.request(
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        {
          method: 'POST',
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: { user: this.user, resourceAttributes },
          },
        },
      );
      return JSON.stringify(answer).includes('"allowed":true');
    });
  }
}
