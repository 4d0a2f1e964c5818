import { formatDuration } from '../../domain/go/duration.ts';
import { whyOf } from './judge-cluster.ts';
import { type Line, ok, unknown, warning } from './line.ts';
import type { BypassedSeen, HeldSeen, NamespaceSeen, Seen } from './seen.ts';

/** So many are named one by one; the rest are counted. */
const mostNamed = 10;

/** Namespaces that are opted in, and whether the API server knows it. */
export function judgeNamespaces(namespaces: Seen<readonly NamespaceSeen[]>): readonly Line[] {
  const check = 'namespaces';
  if (namespaces.is !== 'found') return [unknown(check, whyOf(namespaces))];
  const bare = namespaces.value.filter(
    ({ isLabelled, isExcluded }) => !isLabelled && isExcluded !== true,
  );
  if (bare.length > 0)
    return [
      warning(
        check,
        `${named(bare.map(({ name }) => name))} opted in without the label by which the API server sends Pods: new Pods are denied until a Sluice has set it`,
        'start Sluice; it sets the label by itself',
      ),
    ];
  const held = namespaces.value.filter(({ isExcluded }) => isExcluded !== true);
  const { length } = held;
  const excluded = namespaces.value.filter(({ isExcluded }) => isExcluded === true);
  const others =
    excluded.length === 0
      ? ''
      : `; ${named(excluded.map(({ name }) => name))} opted in without effect, because this installation leaves out by name (allowedNamespaces, deniedNamespaces)`;
  if (length === 0)
    return [
      warning(
        check,
        `no Namespace is opted in: no Pod is ever held${others}`,
        'kubectl annotate namespace NAME keptn.sh/lifecycle-toolkit=enabled',
      ),
    ];
  return [ok(check, `${length} ${length === 1 ? 'is' : 'are'} opted in${others}`)];
}

/** Pods that have been held longer than `longMs`, the oldest first. */
export function judgeHeld(
  held: Seen<readonly HeldSeen[]>,
  { now, longMs }: { readonly now: number; readonly longMs: number },
): readonly Line[] {
  const check = 'held Pods';
  if (held.is !== 'found') return [unknown(check, whyOf(held))];
  const all = held.value.toSorted((a, b) => a.createdAt - b.createdAt);
  const long = all.filter(({ createdAt }) => now - createdAt > longMs);
  const lines = long
    .slice(0, mostNamed)
    .map(({ name, namespace, createdAt, explanation }) =>
      warning(
        check,
        `Pod ${namespace}/${name} has been held for ${span(now - createdAt)}${explanation === '' ? '' : `: ${explanation}`}`,
        `sluice explain pod/${name} -n ${namespace}`,
      ),
    );
  const more = long.length - lines.length;
  if (more > 0)
    lines.push(
      warning(
        check,
        `${more} more have been held for longer than ${span(longMs)}`,
        'kubectl get pods -A -l sluice.keptn.sh/watched',
      ),
    );
  if (lines.length > 0) return lines;
  return [
    ok(check, all.length === 0 ? 'none' : `${all.length}, none for longer than ${span(longMs)}`),
  ];
}

/** Annotated Pods that run although their version was never judged. */
export function judgeBypassed(bypassed: Seen<readonly BypassedSeen[]>): readonly Line[] {
  const check = 'bypassed Pods';
  if (bypassed.is !== 'found') return [unknown(check, whyOf(bypassed))];
  const found = bypassed.value.filter(({ pods }) => pods.length > 0);
  if (found.length === 0) return [ok(check, 'none')];
  return found.map(({ namespace, pods }) =>
    warning(
      check,
      `${pods.length === 1 ? '1 Pod runs' : `${pods.length} Pods run`} in ${namespace} although their version was never judged: ${named(pods)}`,
      'kubectl rollout restart of their owner has them checked; they are left alone meanwhile',
    ),
  );
}

function named(names: readonly string[]): string {
  const more = names.length - mostNamed;
  const shown = names.slice(0, mostNamed).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function span(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}
