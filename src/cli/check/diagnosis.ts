import type { Connection } from '../../kubernetes/connect.ts';
import { asking } from './asking.ts';
import { judgeBeforeInstall, observeBeforeInstall } from './before-install.ts';
import { judgeCrds, judgeKubernetes, judgePolicies, judgeRights } from './judge-cluster.ts';
import { judgeBypassed, judgeHeld, judgeNamespaces } from './judge-pods.ts';
import { judgeClock, judgeLeader, judgeMetrics, judgeReplicas } from './judge-running.ts';
import { judgeAnswer, judgeAuthorities, judgeServed, judgeWebhooks } from './judge-webhooks.ts';
import { type Line, unknown } from './line.ts';
import { judgeLists, observeLists } from './released-lists.ts';
import {
  observeCrds,
  observeKubernetes,
  observePolicies,
  observeRights,
  observeVariant,
  type Place,
} from './observe-cluster.ts';
import { observeBypassed, observeHeld, observeNamespaces } from './observe-pods.ts';
import { observeLeader, observeReplicas } from './observe-running.ts';
import {
  authoritiesIn,
  observeAnswer,
  observeServed,
  observeWebhooks,
} from './observe-webhooks.ts';

export interface DiagnosisOptions {
  readonly place: Place;
  /** This machine's time, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Pods that have been held for longer are named. */
  readonly heldForMs: number;
}

/**
 * Looks at an installation, one thing after the other, and answers as it goes: the lines of one thing at a time. Nothing in the
 * cluster is changed, and what cannot be looked at keeps nothing else from being looked at.
 */
export async function* diagnose(
  connection: Connection,
  { place, now, heldForMs }: DiagnosisOptions,
): AsyncGenerator<readonly Line[]> {
  const cluster = asking(connection);
  const version = await observeKubernetes(cluster);
  yield [judgeKubernetes(version)];
  // Whatever else is asked would say the same.
  if (version.is === 'unreadable') return;
  const variant = await observeVariant(cluster, place);
  yield judgeCrds(await observeCrds(cluster, variant));
  const webhooks = await observeWebhooks(cluster, place, variant);
  yield judgeWebhooks(webhooks);
  const here = now();
  const { answer, serverTime } = await observeAnswer(cluster, place);
  // Of the two times between which it was stamped, the middle.
  yield [judgeClock({ here: (here + now()) / 2, server: serverTime })];
  const time = serverTime.is === 'found' ? serverTime.value : now();
  const found = webhooks.flatMap((one) => (one.found.is === 'found' ? [one.found.value] : []));
  const [first] = found;
  if (first !== undefined) {
    yield judgeAuthorities(authoritiesIn(first.caBundle), time);
    if (isOutside(first.target))
      yield judgeServed(await observeServed(first.target, first.caBundle), time);
    yield [judgeAnswer(answer)];
  }
  yield judgePolicies(await observePolicies(cluster, place, variant));
  yield judgeRights(place.user, await observeRights(cluster, place, variant));
  yield [judgeLeader(await observeLeader(cluster, place), time)];
  const replicas = await observeReplicas(cluster, place);
  if (replicas.is === 'unreadable') yield [unknown('replicas', replicas.why)];
  const pods = replicas.is === 'found' ? replicas.value : [];
  yield judgeReplicas(pods, first !== undefined && isOutside(first.target));
  yield judgeMetrics(pods);
  const namespaces = await observeNamespaces(cluster);
  yield judgeNamespaces(namespaces);
  yield judgeHeld(await observeHeld(cluster), { now: time, longMs: heldForMs });
  const names =
    namespaces.is === 'found'
      ? namespaces.value.flatMap(({ name, isExcluded }) => (isExcluded === true ? [] : [name]))
      : [];
  if (variant.backstop) yield judgeLists(await observeLists(cluster, names));
  yield judgeBypassed(await observeBypassed(connection.client, names));
}

/** Looks at a cluster in which Sluice is to be installed. */
export async function* diagnoseBeforeInstall(
  connection: Connection,
): AsyncGenerator<readonly Line[]> {
  const cluster = asking(connection);
  const version = await observeKubernetes(cluster);
  yield [judgeKubernetes(version)];
  if (version.is === 'unreadable') return;
  yield judgeBeforeInstall(await observeBeforeInstall(cluster));
}

function isOutside(target: string): boolean {
  return target.startsWith('https:');
}
