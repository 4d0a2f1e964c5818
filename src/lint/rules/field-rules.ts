import { ownKinds } from '../../api/keptn/registry.ts';
import { fieldsNotNamed } from '../../api/unknown-fields.ts';
import type { OwnObject } from '../../api/resource.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { type Rule, rule } from '../base/rule.ts';

const unknown = rule<OwnObject>({
  id: 'field-unknown',
  title: 'An unknown field',
  why: 'The API server drops it, or Kubernetes ignores it in a container: a spelling mistake changes nothing and says nothing.',
  fix: 'Correct the spelling, or remove it.',
  severity: 'doubtful',
  kinds: ownKinds,
  check({ kind, spec }) {
    const resource = ownKinds.find((own) => own.kind === kind);
    if (resource === undefined) return [];
    return fieldsNotNamed(resource.versions[0].spec, spec, 'spec').map((field) => {
      const meant = nearestName(field.name, field.known);
      const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
      return {
        path: field.path,
        message: `is no field that is known here and has no effect; correct the spelling${hint}, or remove it`,
      };
    });
  },
});

/** The rule about fields that do not exist. */
export const fieldRules: readonly Rule[] = [unknown];
