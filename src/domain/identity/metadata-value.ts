import type { ObjectMeta } from '../../api/object.ts';
import { bounded } from './identity-bounds.ts';

/** What of an object's metadata Keptn's keys are read from. */
export type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** Keptn's look-up: annotation before label, `keptn.sh/…` before `app.kubernetes.io/…`; an empty value is none. What is too long is cut. */
export function valueOf(metadata: Metadata, key: string, secondary?: string): string | undefined {
  const found =
    present(metadata, key) ?? (secondary === undefined ? undefined : present(metadata, secondary));
  return found === undefined ? undefined : bounded(key, found);
}

function present({ annotations, labels }: Metadata, key: string): string | undefined {
  // An empty value is none.
  return annotations?.[key] || labels?.[key] || undefined;
}
