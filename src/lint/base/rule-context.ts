import { KeptnConfig } from '../../api/keptn/config.ts';
import type { Kind } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { settingsFrom } from '../../domain/settings/keptn-config.ts';
import type { Places } from '../../domain/settings/places.ts';
import type { RuleContext } from './rule.ts';

/**
 * What rules know, wherever they run: what the lookup holds, and the settings in force. Of a kind that is not complete nothing is said to
 * be missing: by default one that the lookup has not seen whole.
 */
export function ruleContextOf(
  lookup: RuleContext['lookup'] & Pick<Lookup, 'isSynced' | 'isExpected'>,
  { operatorNamespace, definitionsNamespace, configsAnywhere = false }: Places,
  isComplete: (kind: Kind) => boolean = (kind) => lookup.isSynced?.(kind) ?? true,
): RuleContext {
  return {
    lookup,
    isComplete,
    isExpected: (kind, namespace, name) => lookup.isExpected?.(kind, namespace, name) ?? false,
    operatorNamespace,
    definitionsNamespace,
    configsAnywhere,
    settings: settingsFrom(lookup.list(KeptnConfig), operatorNamespace),
  };
}
