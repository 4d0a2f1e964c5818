import { KeptnConfig } from '../../api/keptn/config.ts';
import type { Lookup } from '../lookup.ts';
import { settingsFrom } from './keptn-config.ts';

/** How identities are read under the settings in force: by the webhook and by the controllers alike. */
export function identityOptionsOf(
  lookup: Pick<Lookup, 'list'>,
  operatorNamespace: string,
): { readonly versionFromImageTag: boolean } {
  const { versionFromImageTag } = settingsFrom(lookup.list(KeptnConfig), operatorNamespace);
  return { versionFromImageTag };
}
