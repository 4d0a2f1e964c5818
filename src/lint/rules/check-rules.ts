import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { freezeWindowProblems } from '../../domain/standing/freeze-window.ts';
import { type Rule, rule } from '../base/rule.ts';

const freezeWindowIsInvalid = rule({
  id: 'freeze-window-invalid',
  title: 'A freeze window that cannot be read',
  why: 'Sluice cannot tell when it is open, so that every version that names it waits.',
  fix: 'Write cron texts of five fields, a time zone by its IANA name, and periods that end after they begin.',
  severity: 'error',
  kinds: [CheckDefinition],
  check: ({ spec }) =>
    freezeWindowProblems(spec.freezeWindow).map(({ path, message }) => ({
      path: `spec.freezeWindow.${path}`,
      message,
    })),
});

/** The rules about checks without a Job. */
export const checkRules: readonly Rule[] = [freezeWindowIsInvalid];
