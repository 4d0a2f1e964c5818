import { policyManifests } from '../../admission/policies/policies.ts';
import { serviceAccountUser } from '../../admission/sluice-user.ts';
import { crdOf } from '../../api/crd.ts';
import { servedKinds } from '../../api/keptn/registry.ts';
import { releasedVersionsCrd } from '../../api/released-versions.ts';
import { rights } from '../../install/rbac.ts';
import { type Asking, at, listOf, mapSeen, textOf } from './asking.ts';
import type { CrdSeen, PolicySeen, RightSeen, Seen } from './seen.ts';

/** Where a Sluice is looked for. */
export interface Place {
  /** Where it runs. */
  readonly namespace: string;
  readonly leaseNamespace: string;
  readonly leaseName: string;
  /** By whom it is known to the API server. */
  readonly user: string;
}

/** What an installation has beside the plain one, by the policies that are there. */
export interface Variant {
  /** Whether lists of released versions are kept, and the webhooks on Pods are passed over while no Sluice answers. */
  readonly backstop: boolean;
  /** Whether the API server adds the gate by itself. */
  readonly gatesByPolicy: boolean;
}

const plain: Variant = { backstop: false, gatesByPolicy: false };
const backstopped: Variant = { backstop: true, gatesByPolicy: false };
const gated: Variant = { backstop: true, gatesByPolicy: true };

/** Which installation it is: one object of a variant is enough, so that the others of it are missed. */
export async function observeVariant(cluster: Asking, place: Place): Promise<Variant> {
  const ofPlain = new Set(policiesOf(place, plain).map(pathOf));
  const ofBackstop = policiesOf(place, backstopped).map(pathOf);
  const isAnyThere = async (paths: readonly string[]): Promise<boolean> =>
    (await Promise.all(paths.map((path) => cluster.get(path)))).some(({ is }) => is === 'found');
  const ofGate = policiesOf(place, gated)
    .map(pathOf)
    .filter((path) => !ofBackstop.includes(path));
  if (await isAnyThere(ofGate)) return gated;
  return (await isAnyThere(ofBackstop.filter((path) => !ofPlain.has(path)))) ? backstopped : plain;
}

function policiesOf({ namespace, user }: Place, variant: Variant) {
  return policyManifests({
    operatorNamespace: namespace,
    users: [user],
    requesterChecks: false,
    ...variant,
  });
}

function pathOf({ kind, metadata: { name } }: ReturnType<typeof policiesOf>[number]): string {
  const plural = `${kind.toLowerCase()}s`.replace(/policys$/u, 'policies');
  return `/apis/admissionregistration.k8s.io/v1/${plural}/${name}`;
}

/** `v1.36.3`. */
export async function observeKubernetes(cluster: Asking): Promise<Seen<string>> {
  return mapSeen(await cluster.get('/version'), (answer) => textOf(at(answer, 'gitVersion')));
}

/** The definitions that this installation has to have, those of the lists of released versions with the backstop alone. */
export async function observeCrds(
  cluster: Asking,
  { backstop }: Variant,
): Promise<readonly CrdSeen[]> {
  const all = [
    ...servedKinds.map((kind) => crdOf(kind)),
    ...(backstop ? [releasedVersionsCrd()] : []),
  ];
  return Promise.all(
    all.map(async (wanted): Promise<CrdSeen> => {
      const { name } = wanted.metadata;
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
      return {
        name,
        wanted: servedIn(wanted),
        found: mapSeen(await cluster.get(path), (crd) => ({
          served: servedIn(crd),
          stored: listOf(at(crd, 'status', 'storedVersions')).map(textOf),
          isEstablished: listOf(at(crd, 'status', 'conditions')).some(
            (one) => at(one, 'type') === 'Established' && at(one, 'status') === 'True',
          ),
        })),
      };
    }),
  );
}

function servedIn(crd: unknown): readonly string[] {
  return listOf(at(crd, 'spec', 'versions'))
    .filter((version) => at(version, 'served') === true)
    .map((version) => textOf(at(version, 'name')));
}

export async function observePolicies(
  cluster: Asking,
  place: Place,
  variant: Variant,
): Promise<readonly PolicySeen[]> {
  return Promise.all(
    policiesOf(place, variant).map(async (policy): Promise<PolicySeen> => ({
      kind: policy.kind,
      name: policy.metadata.name,
      wantedActions: actionsOf(policy),
      found: mapSeen(await cluster.get(pathOf(policy)), (live) => ({ actions: actionsOf(live) })),
    })),
  );
}

function actionsOf(policy: unknown): readonly string[] {
  return listOf(at(policy, 'spec', 'validationActions')).map(textOf);
}

/** One right of a rule. */
interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string | undefined;
  /** Of the object, where the right is bound to names. */
  readonly name: string | undefined;
}

/** So many questions are asked at once. */
const asksAtOnce = 16;

/** Asks the API server for every single right of the roles of the service account. */
export async function observeRights(
  cluster: Asking,
  place: Place,
  variant: Variant,
): Promise<readonly RightSeen[]> {
  const wanted = neededRights(place, variant);
  const found: RightSeen[] = [];
  for (let from = 0; from < wanted.length; from += asksAtOnce) {
    const asked = wanted.slice(from, from + asksAtOnce);
    found.push(...(await Promise.all(asked.map((right) => askRight(cluster, place.user, right)))));
  }
  return found;
}

function neededRights(
  { namespace, leaseNamespace }: Place,
  { backstop }: Variant,
): readonly Right[] {
  const account = serviceAccountUser(namespace).split(':').at(-1);
  return rights({ namespace, leaseNamespace, backstop })
    .filter(({ metadata, kind }) => metadata.name === account && kind.endsWith('Role'))
    .flatMap((role) =>
      listOf(role['rules']).flatMap((rule) =>
        listOf(at(rule, 'apiGroups')).flatMap((group) =>
          listOf(at(rule, 'resources')).flatMap((resource) =>
            listOf(at(rule, 'verbs')).map((verb) => ({
              group: textOf(group),
              resource: textOf(resource),
              verb: textOf(verb),
              namespace: role.metadata.namespace,
              // A right that is bound to names is asked for by one of them.
              name: nameIn(rule),
            })),
          ),
        ),
      ),
    );
}

function nameIn(rule: unknown): string | undefined {
  const [name] = listOf(at(rule, 'resourceNames'));
  return name === undefined ? undefined : textOf(name);
}

async function askRight(cluster: Asking, user: string, right: Right): Promise<RightSeen> {
  const { group, verb, namespace, name: objectName } = right;
  const [resource = '', subresource] = right.resource.split('/');
  const answer = await cluster.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user,
      groups: groupsOf(user),
      resourceAttributes: { group, resource, subresource, verb, namespace, name: objectName },
    },
  });
  const name = group === '' ? resource : `${resource}.${group}`;
  return {
    verb,
    resource: subresource === undefined ? name : `${name}/${subresource}`,
    namespace,
    allowed: mapSeen(answer, (review) => at(review, 'status', 'allowed') === true),
  };
}

/** The groups that the API server gives to a service account. */
function groupsOf(user: string): readonly string[] {
  const [, kind, namespace] = user.split(':');
  if (kind !== 'serviceaccount') return ['system:authenticated'];
  return [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace ?? ''}`,
    'system:authenticated',
  ];
}
