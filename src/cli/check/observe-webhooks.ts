import { X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { webhookConfigurations, webhookServiceName } from '../../admission/manifests.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { type Asking, at, listOf, momentOf, textOf } from './asking.ts';
import type { Place, Variant } from './observe-cluster.ts';
import type { CertificateSeen, Seen, ServedSeen, WebhookSeen } from './seen.ts';

export async function observeWebhooks(
  cluster: Asking,
  { namespace }: Place,
  { backstop }: Variant,
): Promise<readonly WebhookSeen[]> {
  const wanted = webhookConfigurations({
    operatorNamespace: namespace,
    backstop,
    target: { service: { name: webhookServiceName, namespace } },
  });
  const all = await Promise.all(
    wanted.map(async ({ kind, metadata: { name }, webhooks }) => {
      const path = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s/${name}`;
      const configuration = await cluster.get(path);
      return webhooks.map((webhook): WebhookSeen => ({
        name: webhook.name,
        configuration: name,
        wantedPolicy: webhook.failurePolicy,
        found: webhookIn(configuration, webhook.name),
      }));
    }),
  );
  return all.flat();
}

function webhookIn(configuration: Seen<unknown>, name: string): WebhookSeen['found'] {
  if (configuration.is !== 'found') return configuration;
  const webhook = listOf(at(configuration.value, 'webhooks')).find(
    (one) => at(one, 'name') === name,
  );
  if (webhook === undefined) return { is: 'absent' };
  const config = at(webhook, 'clientConfig');
  const bundle = Buffer.from(textOf(at(config, 'caBundle')), 'base64').toString('utf8');
  const url = textOf(at(config, 'url'));
  const service = `${textOf(at(config, 'service', 'namespace'))}/${textOf(at(config, 'service', 'name'))}`;
  return {
    is: 'found',
    value: {
      failurePolicy: textOf(at(webhook, 'failurePolicy')),
      caBundle: bundle.trim(),
      target: url === '' ? `Service ${service}` : new URL(url).origin,
    },
  };
}

/** The certificates of a caBundle. */
export function authoritiesIn(caBundle: string): Seen<readonly CertificateSeen[]> {
  if (caBundle === '') return { is: 'absent' };
  const pems = caBundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? [];
  if (pems.length === 0) return { is: 'unreadable', why: 'there is no PEM in it' };
  try {
    return { is: 'found', value: pems.map((pem) => datesOf(new X509Certificate(pem))) };
  } catch (error) {
    return { is: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
}

function datesOf({ subject, validFrom, validTo }: X509Certificate): CertificateSeen {
  const name = subject.split('\n').find((part) => part.startsWith('CN=')) ?? subject;
  return { subject: name, from: momentOf(validFrom), until: momentOf(validTo) };
}

const connectWithinMs = 5_000;

/** Connects to an address outside the cluster as the API server would, and looks at what is served. */
export async function observeServed(origin: string, caBundle: string): Promise<ServedSeen> {
  const { hostname, port, host } = new URL(origin);
  const name = hostname.replace(/^\[|\]$/gu, '');
  const { promise, resolve } = Promise.withResolvers<ServedSeen['found']>();
  const socket = connect({
    host: name,
    port: port === '' ? 443 : Number(port),
    ca: caBundle,
    // What is wrong with it is asked for, not thrown.
    rejectUnauthorized: false,
    timeout: connectWithinMs,
  });
  const unreadable = (why: string): void => resolve({ is: 'unreadable', why });
  socket.once('secureConnect', () => {
    const refused = socket.authorized ? undefined : String(socket.authorizationError);
    resolve({
      is: 'found',
      value: { certificate: peerOf(socket.getPeerCertificate(true)), refused },
    });
  });
  socket.once('error', (error) => unreadable(error.message));
  socket.once('timeout', () => unreadable(`no answer within ${connectWithinMs / 1000} s`));
  const found = await promise;
  socket.destroy();
  return { address: host, found };
}

function peerOf({
  subject,
  valid_from: from,
  valid_to: to,
}: DetailedPeerCertificate): CertificateSeen {
  const names = [subject?.CN ?? ''].flat().join(', ');
  return { subject: `CN=${names}`, from: momentOf(from), until: momentOf(to) };
}

/**
 * Creates a KeptnTaskDefinition in a dry run: the API server has to ask Sluice about it and stores nothing. What it answers
 * carries its time.
 */
export async function observeAnswer(
  cluster: Asking,
  { namespace }: Place,
): Promise<{ readonly answer: Seen<true>; readonly serverTime: Seen<number> }> {
  const answer = await cluster.post(
    `/apis/${KeptnTaskDefinition.apiVersion}/namespaces/${namespace}/${KeptnTaskDefinition.plural}?dryRun=All`,
    {
      apiVersion: KeptnTaskDefinition.apiVersion,
      kind: KeptnTaskDefinition.kind,
      metadata: { generateName: 'sluice-check-' },
      spec: { container: { name: 'check', image: 'busybox' } },
    },
  );
  if (answer.is !== 'found') return { answer, serverTime: await timeByDryRun(cluster, namespace) };
  const time = momentOf(at(answer.value, 'metadata', 'creationTimestamp'));
  return { answer: { is: 'found', value: true }, serverTime: { is: 'found', value: time } };
}

/** The time that the API server stamps on a ConfigMap which it does not store. */
async function timeByDryRun(cluster: Asking, namespace: string): Promise<Seen<number>> {
  const answer = await cluster.post(`/api/v1/namespaces/${namespace}/configmaps?dryRun=All`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { generateName: 'sluice-check-' },
  });
  if (answer.is !== 'found') return answer;
  return { is: 'found', value: momentOf(at(answer.value, 'metadata', 'creationTimestamp')) };
}
