import { stringify } from 'yaml';

/** `Chart.yaml`: chart and application have one version, that of this package. */
export function chartYaml(version: string): string {
  const chart = {
    apiVersion: 'v2',
    name: 'sluice',
    description: 'A Keptn-compatible lifecycle gate for Kubernetes',
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: '>=1.30.0-0',
    keywords: ['keptn', 'lifecycle', 'deployment', 'admission', 'scheduling-gate'],
    annotations: { 'artifacthub.io/license': 'Apache-2.0', 'artifacthub.io/operator': 'true' },
  };
  const heading = '# Generated from src/generate/chart by "npm run generate". Do not edit.\n';
  return heading + stringify(chart, { lineWidth: 0 });
}
