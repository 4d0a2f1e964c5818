import { isListedHost } from '../../api/text/listed-host.ts';
import type { Blueprint, BlueprintProblem } from './function-source.ts';

/**
 * Why the code of a function must not be downloaded: its host is not on the list of the KeptnConfig. Undefined where there is no
 * list, or nothing to download. The runner holds redirects to the same list.
 */
export function downloadProblem(
  blueprint: Blueprint,
  allowedHosts: readonly string[] | undefined,
): BlueprintProblem | undefined {
  if (allowedHosts === undefined || blueprint.type === 'container') return undefined;
  const { code } = blueprint;
  if (code.type !== 'url' || !URL.canParse(code.url)) return undefined;
  const { hostname } = new URL(code.url);
  if (isListedHost(hostname, allowedHosts)) return undefined;
  return {
    type: 'problem',
    reason: 'HostNotAllowed',
    message: `httpRef.url: host ${hostname} is not among allowedHosts of the KeptnConfig; have it added there, or bring the code along by inline or configMapRef`,
  };
}
