import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { isListedHost } from '../../api/text/listed-host.ts';
import { type Found, type Rule, rule, type RuleContext } from '../base/rule.ts';

const text = {
  title: 'A host that is not allowed',
  why: 'The KeptnConfig lists the hosts that providers and downloads may use (allowedHosts). Nothing is asked of, or downloaded from, another one.',
  fix: 'Have the host added to allowedHosts, or use one that is listed.',
} as const;

const download = rule({
  ...text,
  id: 'download-host-not-allowed',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }, context) =>
    (['deno', 'python', 'bash'] as const).flatMap((runner) =>
      notAllowed(spec[runner]?.httpRef?.url, `spec.${runner}.httpRef.url`, context),
    ),
});

const provider = rule({
  ...text,
  id: 'provider-host-not-allowed',
  severity: 'doubtful',
  kinds: [KeptnMetricsProvider],
  check: ({ spec }, context) => notAllowed(spec.targetServer, 'spec.targetServer', context),
});

function notAllowed(url: string | undefined, path: string, { settings }: RuleContext): Found[] {
  const { allowedHosts } = settings;
  if (allowedHosts === undefined || url === undefined || !URL.canParse(url)) return [];
  const { hostname } = new URL(url);
  if (isListedHost(hostname, allowedHosts)) return [];
  const message = `host ${hostname} is not among allowedHosts of the KeptnConfig; have it added there, or use one that is`;
  return [{ path, message }];
}

/** The rules about where URLs lead. */
export const hostRules: readonly Rule[] = [download, provider];
