import type { KubernetesObject } from '../../api/object.ts';
import type { FoundKeptn } from './found-keptn.ts';
import { placeOf } from './keptn-parts.ts';

/** By which key of an object a tool says that it applies the object again and again, and how one stops that. */
const tools = [
  {
    where: 'annotations',
    key: 'argocd.argoproj.io/tracking-id',
    name: (value: string) => `Argo CD Application ${value.split(':')[0] ?? value}`,
    stop: 'switch its automated sync off, or remove Keptn from it without pruning',
  },
  {
    where: 'labels',
    key: 'helm.toolkit.fluxcd.io/name',
    name: (value: string) => `Flux HelmRelease ${value}`,
    stop: 'flux suspend helmrelease',
  },
  {
    where: 'labels',
    key: 'kustomize.toolkit.fluxcd.io/name',
    name: (value: string) => `Flux Kustomization ${value}`,
    stop: 'flux suspend kustomization',
  },
] as const;

/** What applies Keptn again and again, and would so undo what a migration does; a sentence for each. */
export function managersOf(
  found: Pick<FoundKeptn, 'deployments' | 'webhookConfigurations' | 'crds'>,
): readonly string[] {
  const objects = [...found.deployments, ...found.webhookConfigurations, ...found.crds];
  const sentences = new Map<string, string>();
  for (const object of objects) {
    for (const [manager, stop] of managersIn(object)) {
      const first = `${object.kind} ${placeOf(object)}`;
      if (sentences.has(manager)) continue;
      sentences.set(
        manager,
        `${manager} applies ${first} again whenever it changes, and would undo the take-over: stop that first (${stop})`,
      );
    }
  }
  return [...sentences.values()];
}

function managersIn({ metadata }: KubernetesObject): readonly (readonly [string, string])[] {
  return tools.flatMap(({ where, key, name, stop }) => {
    const value = metadata[where]?.[key];
    return value === undefined ? [] : [[name(value), stop] as const];
  });
}
