import { fieldOf } from '../../api/json.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { isKeptnsRegistration, placeOf, webhooksOf } from './keptn-parts.ts';

/** The operators that count as Keptn's, and what only has their names. */
export interface ToldApart {
  readonly deployments: readonly KubernetesObject[];
  /** Deployments with the name of an operator, in a namespace that nothing cluster-scoped names. */
  readonly ignored: readonly KubernetesObject[];
  /** Why it cannot be said where Keptn runs; undefined where that is clear, or where there is none. */
  readonly unclear?: string;
}

/**
 * The namespaces of the Services that Keptn's webhooks, APIServices and CRDs lead to. These objects are in no namespace: who has
 * rights in one namespace alone cannot write them, and so cannot pose as Keptn.
 */
export function namespacesNamedBy(objects: readonly KubernetesObject[]): ReadonlySet<string> {
  const services = objects.filter(isKeptnsRegistration).flatMap((object) => {
    const spec = fieldOf(object, 'spec');
    const conversion = fieldOf(fieldOf(spec, 'conversion'), 'webhook');
    return [
      ...[...webhooksOf(object), conversion].map((one) =>
        fieldOf(fieldOf(one, 'clientConfig'), 'service'),
      ),
      fieldOf(spec, 'service'),
    ];
  });
  const names = services.map((service) => fieldOf(service, 'namespace'));
  return new Set(names.filter((name) => typeof name === 'string'));
}

/** Tells the operators in the named namespaces from look-alikes elsewhere; `isKeptnHere` says whether its webhooks are found. */
export function toldApart(
  all: readonly KubernetesObject[],
  { named, isKeptnHere }: { readonly named: ReadonlySet<string>; readonly isKeptnHere: boolean },
): ToldApart {
  const isNamed = ({ metadata }: KubernetesObject) => named.has(metadata.namespace ?? '');
  const deployments = all.filter(isNamed);
  const ignored = all.filter((one) => !isNamed(one));
  const homes = deployments.filter(({ metadata }) => metadata.name === 'lifecycle-operator');
  const places = (found: readonly KubernetesObject[]): string =>
    found.map((one) => `Deployment ${placeOf(one)}`).join(', ') || 'no Deployment of an operator';
  const remedy = 'Give the namespace of Keptn’s lifecycle-operator: --keptn-namespace NAME';
  if (homes.length > 1) {
    const others = ignored.length === 0 ? '' : `; ignored: ${places(ignored)}`;
    return {
      deployments,
      ignored,
      unclear: `webhooks, APIServices and CRDs lead to more than one Keptn: ${places(homes)}${others}. ${remedy}`,
    };
  }
  if (named.size === 0 && (all.length > 0 || isKeptnHere)) {
    return {
      deployments,
      ignored,
      unclear: `no webhook, APIService or CRD of Keptn names the namespace of a Service, so nothing says which of these is Keptn and which only has its name: ${places(ignored)}. ${remedy}`,
    };
  }
  return { deployments, ignored };
}
