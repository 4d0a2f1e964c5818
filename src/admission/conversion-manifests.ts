import type { ConverterConfig } from '../api/crd.ts';
import type { Registration } from './manifests.ts';

/** Where the server converts objects from one version of their kind to another. */
export const conversionPath = '/convert';

/** The Service by which a Sluice inside the cluster converts. */
export const conversionServiceName = 'sluice-conversion';

/** On the Pods that run the admission server: what Services lead to. */
export const admissionLabel = { 'sluice.keptn.sh/admission': 'true' } as const;

/** What the CRDs say of where Sluice converts. */
export function converterConfig({
  target,
  caBundle,
}: Pick<Registration, 'target' | 'caBundle'>): ConverterConfig {
  const bundle = caBundle !== undefined && { caBundle: Buffer.from(caBundle).toString('base64') };
  if ('url' in target) return { url: target.url + conversionPath, ...bundle };
  const { namespace } = target.service;
  return {
    service: { name: conversionServiceName, namespace, port: 443, path: conversionPath },
    ...bundle,
  };
}

/**
 * The Service by which a Sluice inside the cluster converts. It leads to Pods that are not ready, too: becoming ready takes
 * lists of objects, which the API server may have to have converted first.
 */
export function conversionService(namespace: string) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: conversionServiceName,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'keptn' },
    },
    spec: {
      publishNotReadyAddresses: true,
      selector: { 'app.kubernetes.io/name': 'sluice', ...admissionLabel },
      ports: [{ name: 'https', port: 443, targetPort: 9443 }],
    },
  };
}
