import { conversionServiceName } from '../admission/conversion-manifests.ts';
import { shortServiceName, webhookServiceName } from '../admission/manifests.ts';
import type { Kind, ObjectRef } from '../api/object.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../api/registration-kinds.ts';
import { SecretKind, SecretMetadataKind } from '../api/secret.ts';
import { issueAuthority, issueLeaf } from '../certificates/issue.ts';
import { authoritiesIn, readAuthority, readLeaf } from '../certificates/read.ts';
import type { Config } from '../config/config.ts';
import { CertificateKeeper } from '../controllers/certificates/keeper.ts';
import type { CertificateObserver } from '../controllers/certificates/parts.ts';
import { ServedSecret } from '../controllers/certificates/served-secret.ts';
import { webhookConfigurationNames } from '../controllers/certificates/trust-places.ts';
import type { EventSink } from '../controllers/engine/cluster.ts';
import { fencedCluster } from '../controllers/engine/fenced-cluster.ts';
import { ObjectCaches } from '../kubernetes/cache/caches.ts';
import type { Connection } from '../kubernetes/connect.ts';
import type { WatchSpec } from '../kubernetes/watch/watch-all.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Part } from '../runtime/lifecycle.ts';
import { StoredCertificate } from '../server/stored-certificate.ts';
import type { Logger } from '../telemetry/logger.ts';
import { stopTimes } from './stop-times.ts';
import { untilAborted } from './until-aborted.ts';

/** The names by which the API server calls a Sluice in the cluster, unless the configuration names others. */
function certificateHosts({
  namespace,
  certificateHosts: given,
}: Pick<Config, 'namespace' | 'certificateHosts'>): readonly string[] {
  const services = [webhookServiceName, shortServiceName, conversionServiceName];
  return given ?? services.map((name) => `${name}.${namespace}.svc`);
}

/** Where the Secret with the certificates is. */
function certificateRef({
  namespace,
  certificateSecret: name,
}: Pick<Config, 'namespace' | 'certificateSecret'>): ObjectRef & { readonly namespace: string } {
  return { kind: SecretKind, namespace, name };
}

interface Surroundings {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The certificate from the Secret, and the part that keeps it up to date. */
export function servedFromSecret(
  config: Config,
  { connection, clock, log }: Surroundings,
): { readonly certificates: StoredCertificate; readonly part: Part } {
  const ref = certificateRef(config);
  const certificates = new StoredCertificate(`${ref.namespace}/${ref.name}`, { clock, log });
  let watching: ChangeWatch | undefined;
  const part: Part = {
    name: 'serving certificate',
    start(signal) {
      watching = watchChanges([secretRow(ref)], { connection, clock });
      new ServedSecret({
        cluster: connection.client.within({ signal }),
        ref,
        onChange: watching.onChange,
        offer: (pair) => certificates.offer(pair),
        refuse: (problem) => certificates.refuse(problem),
        clock,
        random: Math.random,
      }).start(signal);
    },
    stop: () => watching?.stop(),
    stopWithinMs: stopTimes.cachesMs,
  };
  return { certificates, part };
}

/** What decides how long certificates are kept. */
export interface KeepingTerm {
  readonly signal: AbortSignal;
  /** Whether this process may write. */
  readonly mayWrite: () => boolean;
}

/** Keeps Secret and caBundles until the signal is aborted; resolves when nothing of it is left. */
export async function keepCertificates(
  config: Config,
  by: Surroundings & { readonly events: EventSink; readonly observer: CertificateObserver },
  { signal, mayWrite }: KeepingTerm,
): Promise<void> {
  const { connection, clock, log, events, observer } = by;
  const { namespace, name: secretName } = certificateRef(config);
  const watching = watchChanges([secretRow(certificateRef(config)), ...trustRows], by);
  const keeper = new CertificateKeeper({
    cluster: fencedCluster(connection.client, { mayWrite, signal }),
    namespace,
    secretName,
    hosts: certificateHosts(config),
    issuer: {
      authority: (validity) => issueAuthority(validity),
      leaf: (authority, wanted) => issueLeaf(authority, wanted),
    },
    reader: { authoritiesIn, authority: readAuthority, leaf: readLeaf },
    onChange: watching.onChange,
    events,
    observer,
    clock,
    random: Math.random,
    log: log.child({ part: 'certificates' }),
  });
  keeper.start(signal);
  await untilAborted(signal);
  await Promise.all([keeper.stopped(), watching.stop()]);
}

interface ChangeWatch {
  readonly onChange: (listener: () => void) => () => void;
  stop(): Promise<void>;
}

/** Watches the identity of some objects, not what they hold: that is read when one has changed. */
function watchChanges(
  rows: readonly WatchSpec[],
  { connection, clock }: Pick<Surroundings, 'connection' | 'clock'>,
): ChangeWatch {
  const caches = new ObjectCaches({ clock });
  const watching = connection.watchAll(rows, caches);
  return {
    onChange(listener) {
      const stops = rows.map(({ kind }) => caches.subscribe(kind, listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    stop: () => watching.stop(),
  };
}

function secretRow({ namespace, name }: ObjectRef & { readonly namespace: string }): WatchSpec {
  return { kind: SecretMetadataKind, namespace, fieldSelector: named(name) };
}

const identityOf = (kind: Kind): Kind => ({ ...kind, view: 'metadata' });
const named = (name: string): string => `metadata.name=${name}`;

const trustRows: readonly WatchSpec[] = [
  {
    kind: identityOf(MutatingWebhookConfigurationKind),
    fieldSelector: named(webhookConfigurationNames.mutating),
  },
  {
    kind: identityOf(ValidatingWebhookConfigurationKind),
    fieldSelector: named(webhookConfigurationNames.validating),
  },
  // One that has lost the label is looked at every ten minutes nevertheless.
  {
    kind: identityOf(CustomResourceDefinitionKind),
    labelSelector: 'app.kubernetes.io/part-of=sluice',
  },
];
