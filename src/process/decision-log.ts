import { decisionText } from '../controllers/engine/decision-text.ts';
import type { Decided } from '../controllers/engine/reconcile.ts';
import type { Log } from '../ports/log.ts';

/**
 * Writes what was observed of one key, and what was decided, to the log at level debug: the only place where whole objects go
 * into a log, and only when a person asks for this key (`controller/namespace/name`). Without a key nothing is written.
 */
export function decisionsLogged(
  debugKey: string | undefined,
  log: Log,
): { readonly onDecided?: (decided: Decided) => void } {
  if (debugKey === undefined) return {};
  return {
    onDecided: ({ controller, key, observation, plan }) => {
      const { namespace, name } = key;
      const text = [controller, namespace, name].filter((part) => part !== undefined).join('/');
      if (text !== debugKey) return;
      log.debug(
        {
          controller,
          namespace,
          name,
          observation: decisionText(observation),
          plan: decisionText(plan),
        },
        'decided',
      );
    },
  };
}
