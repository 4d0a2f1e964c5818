import { certificateSecretName } from '../../../src/api/secret.ts';
import { issueAuthority, issueLeaf } from '../../../src/certificates/issue.ts';
import { operatorNamespace } from './sluice-installation.ts';
import type { TestCluster } from './test-cluster.ts';

const dayMs = 86_400_000;

/**
 * Stores an authority of which two thirds of the life are over, with a certificate that is good for weeks: a Sluice that keeps its
 * own certificates begins a rotation. Resolves with the certificate of the authority (PEM).
 */
export async function storeOldAuthority(cluster: TestCluster): Promise<string> {
  const now = Date.now();
  const authority = await issueAuthority({
    validFrom: now - 250 * dayMs,
    validUntil: now + 115 * dayMs,
  });
  const validity = { validFrom: now - 10 * dayMs, validUntil: now + 80 * dayMs };
  const leaf = await issueLeaf(authority, { ...validity, hosts: ['127.0.0.1'] });
  const data = Object.fromEntries(
    Object.entries({
      'ca.crt': authority.cert,
      'ca.key': authority.key,
      'tls.crt': leaf.cert,
      'tls.key': leaf.key,
    }).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: operatorNamespace, name: certificateSecretName },
    data,
  });
  return authority.cert;
}
