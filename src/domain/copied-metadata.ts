import type { ObjectMeta } from '../api/object.ts';

/**
 * Labels and annotations by which kubectl, Helm, Argo CD and Flux remember what they manage. On a copy they would make the
 * tool take the copy for its own: prune it, or report drift. Sluice's own keys are instructions for the object they stand
 * on, so they are not copied either.
 */
const bookkeepingPrefixes =
  /^(?:([a-z0-9-]+\.)*(?:kubectl\.kubernetes\.io|applyset\.kubernetes\.io|config\.kubernetes\.io|helm\.sh|argoproj\.io|fluxcd\.io)|sluice\.keptn\.sh)\//;

const bookkeepingKeys: ReadonlySet<string> = new Set([
  // Helm: ownership and chart. Argo CD: its default tracking label.
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/instance',
]);

/** Whether a label or annotation says who manages the object, rather than something about it. */
export function isBookkeeping(key: string): boolean {
  return bookkeepingKeys.has(key) || bookkeepingPrefixes.test(key);
}

/** The labels and annotations that may be copied to another object; a record that is empty is left out. */
export function withoutBookkeeping(
  metadata: Pick<ObjectMeta, 'labels' | 'annotations'>,
): Pick<ObjectMeta, 'labels' | 'annotations'> {
  const labels = copyable(metadata.labels);
  const annotations = copyable(metadata.annotations);
  return { ...(labels && { labels }), ...(annotations && { annotations }) };
}

function copyable(record: Record<string, string> | undefined): Record<string, string> | undefined {
  const entries = Object.entries(record ?? {}).filter(([key]) => !isBookkeeping(key));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
