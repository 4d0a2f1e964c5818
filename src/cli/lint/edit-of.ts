import type { Mend } from '../../lint/base/rule.ts';
import type { Manifest } from '../manifests/manifest-documents.ts';
import type { TextEdit } from './finding.ts';

/**
 * The edit of the file that mends a finding; undefined where the text is not as simple as an edit needs it (a flow map, an alias,
 * a key that several lines share). Everything around it stays as it was written, comments too.
 */
export function editOf(manifest: Manifest, path: string, mend: Mend): TextEdit | undefined {
  const place = manifest.placeOf(path);
  if (place === undefined) return undefined;
  switch (mend.type) {
    case 'rename':
      return place.siblings.includes(mend.to) ? undefined : { ...place.key, text: mend.to };
    case 'set':
      return place.value && { ...place.value, text: JSON.stringify(mend.to) };
    case 'remove':
      // The last of a map would leave a field without a value behind.
      return place.siblings.length > 1 ? place.lines && { ...place.lines, text: '' } : undefined;
  }
}
