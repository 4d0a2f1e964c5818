import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { issueAuthority, issueLeaf } from '../../src/certificates/issue.ts';
import { authoritiesIn, readAuthority, readLeaf } from '../../src/certificates/read.ts';

const dayMs = 86_400_000;
const year = () => ({ validFrom: Date.now() - dayMs, validUntil: Date.now() + 364 * dayMs });

/** As Keptn's cert-manager writes keys: SEC1 inside, PKCS#8 on the label. */
const asKeptnWrites = (key: string): string => {
  const sec1 = createPrivateKey(key).export({ format: 'der', type: 'sec1' }).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${sec1}\n-----END PRIVATE KEY-----\n`;
};

describe('issued certificates', () => {
  test('are EC P-256 with SHA-256, for the hosts named, and signed by their authority', async () => {
    const authority = await issueAuthority(year());
    const hosts = ['sluice.keptn-system.svc', '127.0.0.1'];
    const leaf = await issueLeaf(authority, { ...year(), hosts });
    const certificate = new X509Certificate(leaf.cert);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(certificate.signatureAlgorithm).toBe('ecdsa-with-SHA256');
    const facts = readLeaf(leaf, { authorities: [authority.cert], hosts: [...hosts, 'else'] });
    expect(facts).toMatchObject({
      keyFits: true,
      signedBy: [authority.cert],
      missingHosts: ['else'],
    });
  });

  test('are accepted by a TLS client that trusts an old and a new authority', async () => {
    const [former, present] = [await issueAuthority(year()), await issueAuthority(year())];
    const { cert, key } = await issueLeaf(present, { ...year(), hosts: ['127.0.0.1'] });
    const server = createServer({ cert, key }, (_request, response) => response.end('answered'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const ca = former.cert + present.cert;
        request({ host: '127.0.0.1', port, ca, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(200);
    } finally {
      server.close();
    }
  });

  test('two authorities never have one name', async () => {
    const [one, other] = [await issueAuthority(year()), await issueAuthority(year())];
    expect(new X509Certificate(one.cert).subject).not.toBe(new X509Certificate(other.cert).subject);
  });
});

describe('what is read', () => {
  test('a SEC1 key under the label of PKCS#8 belongs to its certificate, and signs', async () => {
    const authority = await issueAuthority(year());
    const key = asKeptnWrites(authority.key);
    expect(readAuthority(authority.cert, key)?.canSign).toBe(true);
    const leaf = await issueLeaf({ cert: authority.cert, key }, { ...year(), hosts: ['one'] });
    const read = readLeaf(
      { cert: leaf.cert, key: asKeptnWrites(leaf.key) },
      { authorities: [authority.cert], hosts: ['one'] },
    );
    expect(read).toMatchObject({ keyFits: true, signedBy: [authority.cert], missingHosts: [] });
  });

  test("a wildcard name as in Keptn's certificate is for every Service of the namespace", async () => {
    const authority = await issueAuthority(year());
    const leaf = await issueLeaf(authority, { ...year(), hosts: ['*.keptn-system.svc'] });
    const hosts = ['sluice.keptn-system.svc', 'sluice.elsewhere.svc'];
    expect(readLeaf(leaf, { authorities: [], hosts })?.missingHosts).toEqual([
      'sluice.elsewhere.svc',
    ]);
  });

  test('a certificate of no authority, a key of another one and words are told apart', async () => {
    const [one, other] = [await issueAuthority(year()), await issueAuthority(year())];
    const leaf = await issueLeaf(one, { ...year(), hosts: ['one'] });
    expect(readAuthority(leaf.cert, leaf.key)).toBeUndefined();
    expect(readAuthority(one.cert, other.key)?.canSign).toBe(false);
    expect(readAuthority(one.cert, undefined)?.canSign).toBe(false);
    expect(
      readLeaf({ cert: 'words', key: leaf.key }, { authorities: [], hosts: [] }),
    ).toBeUndefined();
    expect(readLeaf(leaf, { authorities: [other.cert], hosts: [] })?.signedBy).toEqual([]);
  });

  test('of a bundle the authorities count, whatever else is in it', async () => {
    const [one, other] = [await issueAuthority(year()), await issueAuthority(year())];
    const leaf = await issueLeaf(one, { ...year(), hosts: ['one'] });
    const bundle = `words\n${one.cert}${leaf.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${other.cert}`;
    expect(authoritiesIn(bundle).map(({ pem }) => pem)).toEqual([
      one.cert.trim(),
      other.cert.trim(),
    ]);
    expect(authoritiesIn('')).toEqual([]);
  });
});
