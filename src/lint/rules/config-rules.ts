import { KeptnConfig } from '../../api/keptn/config.ts';
import { rulingConfig } from '../../domain/settings/keptn-config.ts';
import { type Rule, rule } from '../base/rule.ts';

const notRuling = rule({
  id: 'config-ignored',
  title: 'A KeptnConfig that does not rule',
  why: 'One KeptnConfig rules the cluster: the oldest in the namespace of Sluice. All others have no effect.',
  fix: 'Change the one that rules, or move this one there.',
  severity: 'doubtful',
  kinds: [KeptnConfig],
  check(config, context) {
    const { lookup, operatorNamespace } = context;
    const isOwn = config.metadata.namespace === operatorNamespace;
    if (!isOwn && context.configsAnywhere !== true) {
      const message = `has no effect: only a KeptnConfig in namespace ${operatorNamespace}, where Sluice runs, rules the cluster; move it there`;
      return [{ path: 'spec', message }];
    }
    if (!context.isComplete(KeptnConfig)) return [];
    const ruling = rulingConfig(lookup.list(KeptnConfig), operatorNamespace, context) ?? config;
    const { name, namespace = '' } = ruling.metadata;
    if (name === config.metadata.name && namespace === config.metadata.namespace) return [];
    const message = `has no effect: KeptnConfig ${name} in ${namespace} rules the cluster; change that one`;
    return [{ path: 'spec', message }];
  },
});

const eventsEndpoint = rule({
  id: 'config-events-endpoint',
  title: 'An address that no CloudEvent can be sent to',
  why: 'CloudEvents are sent over http or https.',
  fix: 'Write a whole address: https://host/path.',
  severity: 'doubtful',
  kinds: [KeptnConfig],
  check({ spec: { cloudEventsEndpoint = '' } }) {
    if (cloudEventsEndpoint === '' || /^https?:\/\/[^/\s]/i.test(cloudEventsEndpoint)) return [];
    const message = 'is no http or https address; write it whole: https://host/path';
    return [{ path: 'spec.cloudEventsEndpoint', message }];
  },
});

/** The rules about settings. */
export const configRules: readonly Rule[] = [notRuling, eventsEndpoint];
