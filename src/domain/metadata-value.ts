import type { ObjectMeta } from '../api/object.ts';

/** What of an object's metadata Keptn's keys are read from. */
export type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** Keptn's look-up: annotation before label, `keptn.sh/…` before `app.kubernetes.io/…`; an empty value is none. */
export function valueOf(metadata: Metadata, key: string, secondary?: string): string | undefined {
  const values = [metadata.annotations?.[key], metadata.labels?.[key]];
  if (secondary !== undefined) {
    values.push(metadata.annotations?.[secondary], metadata.labels?.[secondary]);
  }
  return values.find((value) => value !== undefined && value !== '');
}
