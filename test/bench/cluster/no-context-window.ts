import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import type { Stage } from './stage.ts';

/**
 * The first version of an application waits two seconds for a KeptnAppContext (KeptnConfig `appContextWindow`); every later one
 * does not. Without the window the first versions that a benchmark makes cost what later ones do. Given back when disposed of.
 */
export async function noContextWindow({ cluster, installation }: Stage): Promise<AsyncDisposable> {
  const { namespace } = installation;
  const name = 'no-context-window';
  await cluster.apply({
    apiVersion: KeptnConfig.apiVersion,
    kind: KeptnConfig.kind,
    metadata: { name, namespace },
    spec: { appContextWindow: '0s' },
  });
  const remove = (): Promise<void> => cluster.delete(KeptnConfig, { namespace, name });
  return { [Symbol.asyncDispose]: remove };
}
