import type { ObjectMeta } from '../../api/object.ts';
import { bounded } from './identity-bounds.ts';

/** What of an object's metadata Keptn's keys are read from. */
export type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** Keptn's look-up: annotation before label, `keptn.sh/…` before `app.kubernetes.io/…`; an empty value is none. What is too long is cut. */
export function valueOf(metadata: Metadata, key: string, secondary?: string): string | undefined {
  const values = [metadata.annotations?.[key], metadata.labels?.[key]];
  if (secondary !== undefined) {
    values.push(metadata.annotations?.[secondary], metadata.labels?.[secondary]);
  }
  const found = values.find((value) => value !== undefined && value !== '');
  return found === undefined ? undefined : bounded(key, found);
}
